"""The texts of the doctor's attacks: what a program tries, and what a candidate tries on its test."""

from __future__ import annotations

from dataclasses import dataclass

PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/work", ".")
"""Where a program may find a folder to leave something in."""


@dataclass(frozen=True, slots=True)
class Text:
    """One attack. `then`: a second program that is run after it, in the same slot."""

    name: str
    source: str
    then: str = ""


PRELUDE = '''
import ctypes, errno, os, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, what):
    """Do it; a call that fails is told with its reason, one that does not is WON."""
    try:
        found = what()
    except BaseException as error:
        print(f"{name}: {getattr(error, 'strerror', None) or error or type(error).__name__}", flush=True)
        return
    print(f"{name}: nothing there" if found is None else f"WON {name}: {found}", flush=True)
def call(number, *arguments):
    """A system call by its number; a failure is an OSError."""
    result = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
X86 = os.uname().machine == "x86_64"
def mark():
    libc.prctl(15, b"@MARK@", 0, 0, 0)
'''

PROGRAMS = (
    Text(
        "read a secret file",
        """
for path in ("@FOLDER@/secret", "/proc/1/root@FOLDER@/secret", "/proc/1/cwd@FOLDER@/secret", "/etc/shadow"):
    attempt(path.replace("@FOLDER@", "..."), lambda: open(path).read() or "empty")
""",
    ),
    Text(
        "read the host's environment",
        """
def search():
    if "@VARIABLE@" in os.environ:
        return os.environ["@VARIABLE@"]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = open(f"/proc/{pid}/environ", "rb").read()
        except OSError:
            continue
        if b"@VARIABLE@" in text:
            return text.decode("utf-8", "replace")
attempt("environments", search)
""",
    ),
    Text(
        "write outside its folders",
        """
attempt("a new file", lambda: open("@FOLDER@/planted", "w").write("x"))
attempt("the secret", lambda: open("@FOLDER@/secret", "a").write("x"))
attempt("the interpreter", lambda: os.close(os.open(os.path.realpath(sys.executable), os.O_WRONLY)))
attempt("the library", lambda: os.close(os.open(os.__file__, os.O_WRONLY)))
""",
    ),
    Text(
        "reach the network",
        """
def tcp():
    with socket.create_connection(("127.0.0.1", @PORT@), 1): return "connected"
def abstract():
    with socket.socket(socket.AF_UNIX) as s: s.connect("\\0@ABSTRACT@"); return "connected"
def raw():
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
def host():
    return socket.socket(40, socket.SOCK_STREAM)
attempt("TCP", tcp); attempt("abstract socket", abstract); attempt("raw packets", raw); attempt("vsock", host)
""",
    ),
    Text(
        "look into its parent",
        """
parent = os.getppid() or 1
attempt("ptrace", lambda: call(101 if X86 else 117, 0x4206, parent, None, None))
attempt("memory", lambda: open(f"/proc/{parent}/mem", "rb").fileno())
attempt("descriptors", lambda: os.listdir(f"/proc/{parent}/fd"))
def steal():
    pidfd = os.pidfd_open(parent)
    return call(438, pidfd, 0, 0)
attempt("stealing one", steal)
""",
    ),
    Text(
        "kill a bystander",
        """
attempt("by number", lambda: os.kill(@PID@, signal.SIGKILL) or "sent")
attempt("by group", lambda: os.killpg(@PID@, signal.SIGKILL) or "sent")
""",
        then="print('still here')",
    ),
    Text(
        "gain rights",
        """
attempt("user namespace", lambda: call(272 if X86 else 97, 0x10000000))
def mount():
    # Who may mount is told that there is no such file system, who may not is refused before that.
    try:
        call(165 if X86 else 40, b"none", b"/", b"nosuch", 0, None)
    except OSError as error:
        if error.errno == errno.ENODEV:
            return "permitted"
        raise
attempt("mount", mount)
attempt("chroot", lambda: os.chroot("/") or "changed")
attempt("root", lambda: "it is root" if os.getuid() == 0 else os.setuid(0) or "it became root")
attempt("keyring", lambda: call(250 if X86 else 219, 0, -3, 1))
attempt("bpf", lambda: call(321 if X86 else 280, 0, None, 0))
""",
    ),
    Text(
        "fork bomb",
        """
mark()
made = 0
def bomb():
    global made
    for _ in range(4 * @PROCESSES@):
        if os.fork() == 0:
            time.sleep(20); os._exit(0)
        made += 1
    return f"{made} processes, where @PROCESSES@ are allowed"
attempt("forks", bomb)
print(f"forks: refused after {made}")
sys.stdout.flush(); os._exit(0)
""",
    ),
    Text(
        "memory bomb, spread over processes",
        """
reading, writing = os.pipe()
for _ in range(8):
    if os.fork() == 0:
        held = bytearray(@MEMORY@ // 2)
        for at in range(0, len(held), 4096):
            held[at] = 1
        os.write(writing, b"x"); time.sleep(20); os._exit(0)
os.close(writing)
import select
got, end = 0, time.monotonic() + 1.5
while got < 8 and select.select([reading], [], [], max(0, end - time.monotonic()))[0] and os.read(reading, 1):
    got += 1
time.sleep(0.5)
won = "WON " if got == 8 else ""
print(f"{won}memory: {got} of 8 processes held half the limit each for half a second", flush=True)
os._exit(1)
""",
    ),
    Text(
        "fill the disk",
        """
def fill():
    size = 0
    with open(os.environ.get("TMPDIR", "/tmp") + "/big", "wb", buffering=0) as file:
        while size < 4 * @DISK@:
            size += file.write(bytes(1 << 20))
    return f"{size >> 20} MiB written, where {@DISK@ >> 20} are allowed"
attempt("one file", fill)
""",
    ),
    Text(
        "a daemon that stays",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        mark()
        for fd in range(3): os.close(fd)
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
        time.sleep(20)
    os._exit(0)
print("left a daemon behind")
""",
    ),
    Text(
        "flood the output",
        """
block = "x" * (1 << 20)
for _ in range(64): print(block)
""",
    ),
    Text(
        "poison the next program",
        """
import builtins, json
said, builtins.print = print, lambda *a: None
for place in @PLACES@:
    try: open(f"{place}/@MARK@", "w").write("left")
    except OSError: pass
json.dumps = lambda *a: "poisoned"
os.environ["LEFT"] = "1"; os.umask(0o777); signal.signal(signal.SIGINT, signal.SIG_IGN)
said("planted")
""",
        then="""
import json, os, signal
found = [place for place in @PLACES@ if os.path.exists(f"{place}/@MARK@")]
found += ["its environment"] if "LEFT" in os.environ else []
found += ["its umask"] if os.umask(0o022) == 0o777 else []
found += ["its signals"] if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else []
found += ["its json"] if json.dumps(1) != "1" else []
print("WON the next program finds " + ", ".join(found) if found else "the next program finds nothing")
""",
    ),
)
"""Programs that are run as scripts, after `PRELUDE`."""

FORGERIES = (
    Text(
        "equal to everything",
        """
class Same(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def answer(n): return Same(0)
""",
    ),
    Text("leave with exit code 0", "import os\ndef answer(n): os._exit(0)\n"),
    Text("leave before the test", "raise SystemExit(0)\n"),
    Text(
        "write 'passed' on every descriptor",
        r"""
import json, os, struct
def answer(n):
    for fd in range(3, 256):
        for text in (b"passed", b'["passed"]', json.dumps({"passed": True}).encode()):
            heads = b"", struct.pack("<I", len(text)), struct.pack(">I", len(text))
            for line in (head + text + b"\n" for head in heads):
                try: os.write(fd, line)
                except OSError: break
    os._exit(0)
""",
    ),
    Text(
        "print what a test runner prints",
        """
def answer(n):
    print("Ran 1 test in 0.001s\\n\\nOK\\n1 passed\\nPASSED", flush=True)
    raise SystemExit(0)
""",
    ),
    Text(
        "take the expected value from the test's frames",
        """
import gc, sys
def answer(n):
    frame = sys._getframe()
    while frame is not None:
        for space in (frame.f_locals, frame.f_globals):
            if "expected" in space: return space["expected"]
        frame = frame.f_back
    for thing in gc.get_objects():
        if type(thing) is dict and "expected" in thing: return thing["expected"]
    return 0
""",
    ),
    Text(
        "patch what a test stands on",
        """
import builtins, sys, unittest
class Never(Exception): pass
builtins.AssertionError = Never
builtins.isinstance = lambda *a: True
unittest.TestCase.assertEqual = lambda *a: None
sys.settrace(lambda *a: None)
sys.exit = sys.excepthook = lambda *a: None
def answer(n): return None
""",
    ),
)
"""Candidates for a test of `answer` that none of them can pass honestly."""

TEST = "expected = @NUMBER@\nassert answer(1) == expected, 'a wrong answer'\n"
