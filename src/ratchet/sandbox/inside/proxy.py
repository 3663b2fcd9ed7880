"""The examiner's side of the conversation: stubs that stand for the candidate's functions.

What comes from the candidate is plain data, a handle, or the name of an exception; the
first time that it is anything else, or nothing, the exam ends on the spot, whatever
the examiner's text would have done about it. See `answering` for what is said.
"""

from __future__ import annotations

import builtins
import dis
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from types import CodeType
from typing import Any, NoReturn, Protocol
from weakref import WeakValueDictionary

from . import wire
from .answering import MAX_NESTED
from .frames import MAX_FRAME, NotPlainError, WireError
from .handles import Handle, MethodName, Stub, inner_of
from .line import Line
from .wire import Codec
from .wire_names import base_of, exception, message_of
from .wire_shared import Mirror
from .wire_values import tag, want

_FORMS = {
    "value": ([None],),
    "raised": ([str, str], [str, str, str, list, str], [str, str, str, type(None), str]),
    "fault": ([str],),
    "missing": ([],),
}
_ASKS = {"ask": ([int, list, dict],)}
_MAX_CALLBACKS = 10_000
_STOPS = (StopIteration, StopAsyncIteration)
_LIBRARIES = frozenset(
    {"binascii", "configparser", "copy", "csv", "dataclasses", "decimal", "fractions", "json", "numpy"}
    | {"pandas", "queue", "re", "statistics", "struct", "subprocess", "torch", "xml", "zipfile", "zoneinfo"}
)
"""Whose exceptions are raised as they are: none that a test framework reads as anything but a failure."""


class Report(Protocol):
    """The verdict to be."""

    def end(self, passed: bool, detail: str, fault: str | None, tampered: bool) -> NoReturn:
        """Write the verdict and end the process."""


class Conversation:
    """Asks the candidate at the other end of a channel; whatever breaks the rules ends the exam.

    `calls` counts the calls of its functions, those of methods included. `classes` may be
    set to the namespace of the examiner's text: exceptions that the candidate raises are
    then of the classes of the same name that this text defines.
    """

    def __init__(
        self, channel: int, report: Report, *, in_place: bool = False, handles: bool = False
    ) -> None:
        """`channel` is our end of the socket; the flags must be those of the other end."""
        self.calls = 0
        self.classes: Mapping[str, Any] = {}
        self._report = report
        self._line = Line(channel)
        self._lock = threading.RLock()
        self._nested = 0
        self._lends = handles
        self._handles: WeakValueDictionary[int, Handle] = WeakValueDictionary()
        self._freed: list[tuple[int, int]] = []
        self._stubs: dict[int, str] = {}
        self._kept: list[Callable[..., Any]] = []
        self._callbacks: dict[int, int] = {}
        self._failed: AssertionError | None = None
        readers: dict[str, Callable[[Any], Any]] = {}
        if handles:
            readers = {"handle": self._read_handle, "method": lambda parts: MethodName(want(parts, str))}
        self._mirror = Mirror(first=self._write, other=self._call_back, readers=readers) if in_place else None
        self._codec = self._mirror or Codec(first=self._write, other=self._call_back, readers=readers)
        self._readers = readers

    def stub(self, name: str) -> Callable[..., Any]:
        """A function that looks like the candidate's of that name and calls it, over there."""

        def stub(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return self._ask([list(args), kwargs or None, name], name)

        stub.__name__ = stub.__qualname__ = name
        stub.many = partial(self._many, name)  # type: ignore[attr-defined]
        made = Stub(_Asker(self), name, stub) if self._lends else stub
        self._stubs[id(made)] = name
        self._kept.append(made)
        return made

    def _many(
        self, name: str, calls: Sequence[Sequence[Any]], digests: Sequence[bytes]
    ) -> Iterator[tuple[str, Any]]:
        """Ask the entry point for all of these calls at once; what came of each, as soon as it is there.

        That is ("value", value), ("raised", exception), or ("same", None) for an answer whose bytes
        have the SHA-256 `digests[i]`, where that is not empty. The calls are sent as one frame.
        """
        packed = [self._codec.pack(list(args)) for args in calls]
        with self._lock:
            try:
                if self._line.pending:
                    self._unasked()
                self._line.send(b'["many",[' + b",".join(packed) + b"]]")
                for number, digest in enumerate(digests, start=1):
                    self.calls += 1
                    answer = self._line.receive()
                    if answer is None:
                        break
                    if number == len(digests) and self._line.excess:
                        self._unasked()
                    if digest and sha256(answer).digest() == digest:
                        yield "same", None
                        continue
                    reply = checked(self._codec.unpack(answer))
                    if reply[0] == "value":
                        yield "value", reply[1]
                    elif reply[0] == "raised":
                        yield "raised", self._error(*reply[1:])
                    else:
                        self._refuse(reply, name)
                else:
                    return
            except OSError:
                pass
            except WireError as error:
                self._end("no answer", f"wrote no answer on the answer channel: {error}", tampered=True)
            self._end("the program ended before it answered")

    def names(self) -> list[str]:
        """The names of the functions and classes that the candidate's text defines."""
        told = self._ask(["names"], "names")
        if type(told) is not list or not all(type(name) is str and name.isidentifier() for name in told):
            self._end("names", "wrote no list of names on the answer channel", tampered=True)
        return [name for name in told if not name.startswith("__")]

    def _ask(self, question: list[Any], name: str) -> Any:
        with self._lock:
            reply = self._exchange(question)
            if self._failed is not None and not self._nested:
                raise self._failed
        kind = reply[0]
        if kind == "value":
            return reply[1]
        if kind == "raised":
            raise self._error(*reply[1:])
        return self._refuse(reply, name)

    def _refuse(self, reply: list[Any], name: str) -> NoReturn:
        """End the exam over an answer that is neither a value nor an exception."""
        if reply[0] == "missing":
            fault = f"does not define {name!r}"
            self._report.end(False, fault, fault, False)
        self._end(f"returned {reply[1]}", f"returned {reply[1]}")

    def _exchange(self, question: list[Any]) -> list[Any]:
        mirror = self._mirror if not self._nested else None
        payload = (mirror.pack_question if mirror else self._codec.pack)(question)
        parts = [payload]
        if self._freed:
            freed, self._freed = self._freed, []
            parts.insert(0, wire.pack(["free", [list(pair) for pair in freed]]))
        try:
            if self._line.pending:
                self._unasked()
            self._line.send(*parts)
            while (answer := self._line.receive()) is not None:
                if self._line.excess:
                    self._unasked()
                reply = checked((mirror.unpack_answer if mirror else self._codec.unpack)(answer), asks=True)
                if reply[0] != "ask":
                    return reply
                self._line.send(self._called_back(*reply[1:]))
        except OSError:
            pass
        except WireError as error:
            self._end("no answer", f"wrote no answer on the answer channel: {error}", tampered=True)
        return self._end("the program ended before it answered")

    def _unasked(self) -> NoReturn:
        self._end("bytes came unasked", "wrote on the answer channel unasked", tampered=True)

    def _end(self, detail: str, fault: str | None = None, *, tampered: bool = False) -> NoReturn:
        self._report.end(False, f"call {self.calls}: {detail}", fault, tampered)

    def _error(
        self, name: str, message: str, base: str = "", args: list[Any] | None = None, module: str = ""
    ) -> BaseException:
        kind = self.classes.get(name)
        if getattr(kind, "__module__", None) != self.classes.get("__name__"):
            kind = None
        if module.partition(".")[0] in _LIBRARIES:
            kind = vars(sys.modules.get(module, object)).get(name)
        if not isinstance(kind, type) or not issubclass(kind, Exception) or issubclass(kind, _STOPS):
            return exception(name, base, args, message)
        try:
            made = kind.__new__(kind)
        except TypeError:  # a group's, or one that must be made in a way of its own
            return exception(name, base, args, message)
        made.args = (message,) if args is None else tuple(args)
        return made

    # What is neither plain data nor comes back as such

    def _write(self, value: Any) -> Any:
        if isinstance(value, Handle):
            return tag("lent", inner_of(value).number)
        if id(value) in self._stubs:
            return tag("own", self._stubs[id(value)])
        return None

    def _call_back(self, value: Any) -> Any:
        if not callable(value):
            return None
        number = self._callbacks.get(id(value))
        if number is None:
            if len(self._kept) >= _MAX_CALLBACKS:
                raise NotPlainError(f"the last of more than {_MAX_CALLBACKS} functions")
            number = self._callbacks[id(value)] = len(self._kept)
            self._kept.append(value)
        return tag("callback", number)

    def _called_back(self, number: int, args: list[Any], kwargs: dict[str, Any]) -> bytes:
        """The answer of a function of ours that the candidate calls."""
        if number not in self._callbacks.values() or self._nested >= 2 * MAX_NESTED:
            raise WireError("a call of a function that it was not given, or too deep a one")
        self._nested += 1
        try:
            # No further functions are lent by what ours return: they could lead anywhere.
            plain = Codec(first=self._write, readers=self._readers)
            answer = plain.pack(["answer", self._kept[number](*args, **kwargs)])
            if len(answer) > MAX_FRAME:
                raise NotPlainError(f"a value of {len(answer)} bytes, over the limit of {MAX_FRAME}")
            return answer
        except BaseException as error:
            if isinstance(error, AssertionError) and self._failed is None:
                self._failed = error  # the candidate may not swallow what a test found
            kind = type(error)
            told = ["error", kind.__name__[:100], base_of(kind), None, message_of(error)]
            return wire.pack(told)
        finally:
            self._nested -= 1

    def _read_handle(self, parts: Any) -> Handle:
        number, is_class, names = want(parts, list, 3)
        names = [want(name, str)[:100] for name in want(names, list)]
        if not names or len(names) > 20:
            raise WireError("a malformed handle")
        known = self._handles.get(want(number, int))
        if known is not None:
            inner_of(known).received += 1
            return known
        made = self._handles[number] = Handle(_Asker(self), number, ("type",) if is_class else tuple(names))
        return made


class _Asker:
    """How handles and stubs reach the conversation that they belong to."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __call__(self, target: int | str, what: str, *args: Any, **kwargs: Any) -> Any:
        conversation = self._conversation
        conversation.calls += 1
        return conversation._ask(["do", target, what, list(args), kwargs or None], str(target))

    def free(self, number: int, times: int) -> None:
        self._conversation._freed.append((number, times))


def checked(reply: Any, *, asks: bool = False) -> list[Any]:
    """An answer, if it has the form of one (`asks`: or of a call back); raises WireError."""
    if type(reply) is list and len(reply) == 2 and type(reply[0]) is str and reply[0] == "value":
        return reply
    head = reply[0] if type(reply) is list and reply and type(reply[0]) is str else ""
    forms = _FORMS.get(head) or (_ASKS.get(head) if asks else None) or ()
    for form in forms:
        if len(form) == len(reply) - 1 and all(
            kind is None or type(part) is kind for kind, part in zip(form, reply[1:], strict=True)
        ):
            return list(reply)
    raise WireError("not an answer")


def unknown_names(code: CodeType) -> frozenset[str]:
    """The global names that a module's code uses, and neither defines nor finds among the built-in ones.

    Those that the program defines can be stubs, which are resolved when they are called.
    """
    used: set[str] = set()
    defined: set[str] = set(vars(builtins))
    waiting = [code]
    while waiting:
        part = waiting.pop()
        for step in dis.get_instructions(part):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                used.add(step.argval)
            elif step.opname == "STORE_GLOBAL" or (step.opname == "STORE_NAME" and part is code):
                defined.add(step.argval)
        waiting += [const for const in part.co_consts if isinstance(const, CodeType)]
    return frozenset(name for name in used - defined if not name.startswith("__"))
