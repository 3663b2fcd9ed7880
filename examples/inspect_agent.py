"""What `inspect_provider` runs in the jail: unpacks a sample's files, does one thing, packs them again.

In its folder lie request.json, files.tar (empty at first) and perhaps input; it leaves
answer.json, files.tar, and the content of a file that was read.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile

OWN = os.getcwd()
HOME = "/tmp/sample"
"""The working directory of a sample: all that lies in /tmp is kept."""
KEPT = "/tmp"


def unpack():
    """Put the files where they were."""
    path = os.path.join(OWN, "files.tar")
    if os.path.getsize(path):
        with tarfile.open(path) as archive:
            archive.extractall(KEPT)
    os.unlink(path)
    os.makedirs(HOME, exist_ok=True)


def pack():
    """Take them back, with their rights; what can't be read is made so for that long."""
    with tarfile.open(os.path.join(OWN, "files.tar"), "w") as archive:
        for place, folders, names in os.walk(KEPT):
            for name in sorted(folders + names):
                path = os.path.join(place, name)
                entry = archive.gettarinfo(path, os.path.relpath(path, KEPT))
                if entry is None:  # a socket
                    continue
                rights = entry.mode
                if not entry.issym() and rights & 0o700 != 0o700:
                    os.chmod(path, rights | (0o700 if entry.isdir() else 0o600))
                if entry.isreg():
                    with open(path, "rb") as file:
                        archive.addfile(entry, file)
                else:
                    archive.addfile(entry)


def execute(request):
    """Run a command; its exit code, as a shell gives it."""
    folder = os.path.join(HOME, request["cwd"] or "")
    path = os.path.join(OWN, "input")
    with open(path if os.path.exists(path) else os.devnull, "rb") as source:
        try:
            process = subprocess.Popen(
                request["cmd"], stdin=source, cwd=folder, env={**os.environ, **request["env"]}
            )
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return {"code": 127}
        try:
            code = process.wait(request["timeout"])
        except subprocess.TimeoutExpired:
            return {"late": True}
        finally:
            end_others()
    return {"code": 128 - code if code < 0 else code}


def end_others():
    """Nothing may change the files while they are packed."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) not in (1, os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(name), signal.SIGKILL)


def write(request):
    """Write a file."""
    path = os.path.join(HOME, request["file"])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.path.join(OWN, "input"), "rb") as source, open(path, "wb") as file:
        shutil.copyfileobj(source, file)
    return {"code": 0}


def read(request):
    """Read a file that isn't too large."""
    path = os.path.join(HOME, request["file"])
    with open(path, "rb") as source:
        if os.fstat(source.fileno()).st_size > request["most"]:
            return {"too large": True}
        with open(os.path.join(OWN, "content"), "wb") as file:
            shutil.copyfileobj(source, file)
    return {"code": 0}


def main():
    """Do what is asked."""
    with open(os.path.join(OWN, "request.json"), encoding="utf-8") as file:
        request = json.load(file)
    unpack()
    try:
        answer = {"exec": execute, "write": write, "read": read}[request["do"]](request)
    except OSError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    answer["changed"] = request["do"] != "read"
    if answer["changed"]:
        pack()
    with open(os.path.join(OWN, "answer.json"), "w", encoding="utf-8") as file:
        json.dump(answer, file)


main()
