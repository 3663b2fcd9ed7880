"""The jail in a container: one long-lived container, with the local sandbox inside it.

    with ContainerSandbox("python:3.12-slim") as sandbox:
        sandbox.run(Program("print(1)"))

The engine is docker or podman, here or elsewhere, by the API that both speak. Programs do
not get a container each: inside, `agent.py` runs a `LocalSandbox`, and walls, limits and
verdicts are the same as on the bare machine. See docs/containers.md for what the container
is granted and why.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends import agent, messages
from ratchet.sandbox.backends.elsewhere import Answer, Elsewhere
from ratchet.sandbox.backends.engine_api import Attached, Engine, EngineError
from ratchet.sandbox.backends.local import Walls

LABEL = "ratchet.sandbox"
"""The label of every container that is made here; its value is the process that made it."""
_USER = "64321:64321"
"""Inside and outside nobody's: as an ordinary user the jail makes its own user namespaces."""
_START_S = 120.0
_STDERR = 4000


class ContainerGone(Exception):
    """The container ended, or its connection did; the message says which."""


class ContainerSandbox(Elsewhere):
    """Runs programs in one container; safe to use from several threads.

    The container is made by the constructor and removed by `close`; it ends by itself
    when this process does. One that dies is replaced, and what it was asked is asked once
    more; if that one dies too, it is a HarnessError.
    """

    def __init__(
        self,
        image: str,
        *,
        engine: str | None = None,
        slots: int | None = None,
        walls: Walls = Walls.FULL,
        memory_bytes: int | None = None,
        processes: int = 4096,
        cache_bytes: int = 1 << 30,
        loopback: bool = False,
        seed: int = 0,
        hash_seed: int | None = 0,
        patience_s: float = 120.0,
    ) -> None:
        """Start the container.

        `image` must be with the engine already, and have Python 3.11 or later as python3;
        what else it has (compilers, packages) is what programs get. `engine`: its address,
        see `Engine.find`. `walls`: PROCESS where the machine refuses containers their own
        namespaces; the container is then the only wall, and programs can reach one another.
        `memory_bytes`, `processes`: of the container as a whole; leave room for all slots.
        `cache_bytes`: of a tmpfs for source and compiled programs. `slots`, `loopback`, `seed`
        and `hash_seed` as for `LocalSandbox`. `patience_s`: how long after its limits an
        answer may take until the container counts as broken. Raises RatchetError where
        there is no engine, no image or no Python, or where the walls cannot be raised.
        """
        self._engine = Engine.find(engine)
        if not self._engine.has_image(image):
            raise RatchetError(
                f"the container engine at {self._engine.address} has no image {image!r}; "
                f"get it with: {self._engine.version().split()[0]} pull {image}"
            )
        self._options = {
            "slots": slots,
            "walls": Walls(walls).value,
            "loopback": loopback,
            "seed": seed,
            "hash_seed": hash_seed,
        }
        self._wanted = _container(
            image, self._engine.version(), Walls(walls), memory_bytes, processes, cache_bytes
        )
        self._patience_s = patience_s
        self._closed = False
        self._container: _Container | None = None
        self._lock = threading.Lock()
        try:
            self.slots = self._running().slots
        except (EngineError, ContainerGone) as error:
            raise RatchetError(f"no container of {image!r} can be used: {error}") from None
        self._places = threading.BoundedSemaphore(self.slots)
        _sandboxes.add(self)

    def close(self) -> None:
        """Remove the container; what runs in it ends, and raises RatchetError where it is waited for."""
        with self._lock:
            self._closed = True
            container, self._container = self._container, None
        if container is not None:
            container.close()

    def _ask(self, request: dict[str, Any], seconds: float, read: Callable[[Any], Answer]) -> Answer:
        failure = ""
        with self._places:
            for _ in range(2):
                try:
                    # The sandbox inside does a job twice itself, where its own parts break.
                    answer = self._running().ask(request, 2 * seconds + self._patience_s)
                except (EngineError, ContainerGone) as error:
                    failure = str(error)
                else:
                    return read(answer)
        raise HarnessError(f"the container broke twice on one request; the last time {failure.rstrip('.')}.")

    def _running(self) -> _Container:
        """The container, started anew if there is none or the last one is gone."""
        with self._lock:
            if self._closed:
                raise RatchetError("this sandbox is closed; open a new one.")
            if self._container is None or self._container.gone:
                if self._container is not None:
                    self._container.close()
                self._container = None
                self._container = _Container(self._engine, self._wanted, self._options)
            return self._container

    def _forget(self) -> None:
        """In a fork of this process: the container stays the parent's; a new one is started when needed."""
        container, self._container = self._container, None
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(self.slots)
        if container is not None:
            container.forget()

    def __enter__(self) -> Self:
        """The sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


class _Container:
    """One container and the conversation with the agent in it."""

    def __init__(self, engine: Engine, wanted: dict[str, Any], options: dict[str, Any]) -> None:
        self.gone = False
        self._engine = engine
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Any]] = {0: queue.SimpleQueue()}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._why = "it ended"
        self._errors = b""
        self._id = engine.create({**wanted, "Labels": {LABEL: f"{os.uname().nodename}:{os.getpid()}"}})
        try:
            self._talk = engine.attach(self._id)
            try:
                engine.start(self._id)
                threading.Thread(target=self._listen, args=(self._talk,), daemon=True).start()
                self._send(agent.data_frame(agent.source_archive()) + agent.frame(options))
                self.slots = self._greeting()
            except BaseException:
                self._talk.close()
                raise
        except BaseException:
            with contextlib.suppress(EngineError):
                engine.remove(self._id)
            raise

    def ask(self, request: dict[str, Any], seconds: float) -> Any:
        """The answer to a request; raises ContainerGone if none comes."""
        number = next(self._numbers)
        with self._lock:
            if self.gone:
                raise ContainerGone(self._why)
            self._waiting[number] = queue.SimpleQueue()
        try:
            self._send(agent.frame({"id": number, "request": request}))
            return self._answer(number, seconds)
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def close(self) -> None:
        """End it and remove it."""
        self._end("it was closed")
        with contextlib.suppress(EngineError):  # the agent ends when nobody speaks to it any more
            self._engine.remove(self._id)

    def forget(self) -> None:
        """Give up a forked process's copy of the connection."""
        self.gone = True
        self._talk.forget()

    def _greeting(self) -> int:
        answer = self._answer(0, _START_S)
        if "error" in answer:
            messages.outcome_of(answer)  # raises it
        return int(answer["ready"]["slots"])

    def _answer(self, number: int, seconds: float) -> Any:
        try:
            answer = self._waiting[number].get(timeout=seconds)
        except queue.Empty:
            self._end(f"no answer came within {seconds:.0f} seconds")
            raise ContainerGone(self._why) from None
        if answer is None:
            raise ContainerGone(self._why)
        return answer

    def _send(self, data: bytes) -> None:
        try:
            with self._sending:
                self._talk.write(data)
        except OSError as error:
            self._end(f"its connection broke ({error.strerror or error})")
            raise ContainerGone(self._why) from None

    def _listen(self, talk: Attached) -> None:
        """In a thread: pass on what the agent answers, until it ends."""
        frames = agent.Frames()
        why = "it ended"
        try:
            for stream, data in talk.pieces():
                if stream == 2:
                    self._errors = (self._errors + data)[-_STDERR:]
                    continue
                for message in frames.feed(data):
                    with self._lock:
                        waiting = self._waiting.get(message["id"])
                    if waiting is not None:
                        waiting.put(message["answer"])
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            why = f"what it wrote cannot be read ({error!r})"
        self._end(why)

    def _end(self, why: str) -> None:
        with self._lock:
            if not self.gone:
                self.gone, self._why = True, self._reason(why)
            waiting = list(self._waiting.values())
        self._talk.close()
        for each in waiting:
            each.put(None)

    def _reason(self, why: str) -> str:
        said = self._errors.decode(errors="replace").strip().splitlines()
        return f"{why}; the last it said: {said[-1]}" if said else why


def _container(
    image: str, engine: str, walls: Walls, memory_bytes: int | None, processes: int, cache_bytes: int
) -> dict[str, Any]:
    """What is asked of the engine. Every grant beyond the usual is for the jail's own namespaces."""
    host: dict[str, Any] = {
        "AutoRemove": True,
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": processes,
        "Memory": memory_bytes or 0,
        "MemorySwap": memory_bytes or 0,
        "LogConfig": {"Type": "none", "Config": {}},
        "Tmpfs": {
            agent.HOME: f"rw,exec,nosuid,nodev,mode=1777,size={cache_bytes}",
            "/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={cache_bytes}",
        },
    }
    if walls is Walls.FULL:
        # unshare, mount and pivot_root are refused by the usual filter and by AppArmor's and SELinux's
        # profiles; proc can be mounted anew only where none of it is masked. What programs may call
        # is the business of the jail's own filters.
        host["SecurityOpt"] += ["seccomp=unconfined", "apparmor=unconfined", "label=disable"]
        if engine.startswith("podman"):
            host["SecurityOpt"] += ["unmask=ALL"]
        else:
            host |= {"MaskedPaths": [], "ReadonlyPaths": []}
    return {
        "Image": image,
        "Entrypoint": ["python3", "-I", "-B", "-c", agent.BOOT],
        "Cmd": [],
        "Env": [f"HOME={agent.HOME}", f"RATCHET_HOME={agent.HOME}/cache", "LANG=C.UTF-8"],
        "User": _USER,
        "WorkingDir": "/",
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Tty": False,
        "NetworkDisabled": True,
        "HostConfig": host,
    }


_sandboxes: weakref.WeakSet[ContainerSandbox] = weakref.WeakSet()


def _forget_all() -> None:
    for sandbox in list(_sandboxes):
        sandbox._forget()


os.register_at_fork(after_in_child=_forget_all)
