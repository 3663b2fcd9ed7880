"""The candidate's side of the conversation: what is asked of its functions is answered, until nobody asks.

[args, kwargs], [args, kwargs, name]      call the entry point, or what the program calls `name`
["many", [args, args, ...]]               call the entry point on each; an answer for every one, in order
["names"]                                 the names of the program's own functions and classes
["do", target, what, args, kwargs]        do something with an object that was lent out (`lending`)
["free", [[number, times], ...]]          objects that are no longer held; not answered

["value", value], ["fault", text], ["missing"]
["raised", name, message], ["raised", name, message, base, args, module]
["ask", number, args, kwargs]             call back a function that came as an argument; the answer is
["answer", value] or ["error", name, base, args, message]
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from json.encoder import encode_basestring_ascii
from time import monotonic
from typing import Any

from .frames import NotPlainError
from .lending import Lender
from .line import Line
from .records import Member, Record
from .wire import LARGEST, SHORT, Codec, encode, is_flat
from .wire_names import base_of, exception, message_of
from .wire_records import READERS
from .wire_shared import Mirror
from .wire_values import want

MAX_NESTED = 50
"""Calls and calls back that may be open within one another."""
_TOGETHER_BYTES = 1 << 14
_TOGETHER_S = 0.001
"""So much of an answer may wait for the next ones."""
_CONSTANTS: dict[Any, bytes] = {
    None: b'["value",null]',
    True: b'["value",true]',
    False: b'["value",false]',
}


def serve(
    namespace: dict[str, Any],
    entry_point: str,
    channel: int,
    *,
    in_place: bool,
    handles: bool,
) -> None:
    """Answer what is asked on `channel` about the functions in `namespace`; returns at its end.

    `entry_point` may be asked for whatever it is. With `in_place` the answers carry
    what became of the arguments, with `handles` objects that are no plain data are
    lent out.
    """
    server = _plain.get(channel) if not (in_place or handles) else None
    if server is None:
        server = _Server(channel, in_place=in_place, handles=handles)
    server.serve(namespace, entry_point)


def prepare(channel: int) -> None:
    """In the zygote: make what most programs need to answer on `channel`, so that they need not make it."""
    _plain[channel] = _Server(channel, in_place=False, handles=False)


class _Server:
    def __init__(self, channel: int, *, in_place: bool, handles: bool) -> None:
        self._namespace: dict[str, Any] = {}
        self._entry_point = ""
        self._line = Line(channel)
        self._me = 0
        self._thread = threading.get_ident()
        self._nested = 0
        self._lender = Lender() if handles else None
        readers: dict[str, Callable[[Any], Any]] = {
            "record": self._read_record,
            "member": self._read_member,
            "callback": self._read_callback,
            "pattern": _read_pattern,
            "own": lambda parts: self._namespace[want(parts, str)],
        }
        if self._lender is not None:
            readers["lent"] = self._lender.lent
        lend = None if self._lender is None else self._lender.lend
        first = None if self._lender is None else self._lender.lend_first
        self._mirror = Mirror(first=first, other=lend, readers=readers) if in_place else None
        self._codec = self._mirror or Codec(first=first, other=lend, readers=readers)
        self._actions: dict[str, Callable[..., Any]] = {
            "names": self._names,
            "do": self._do,
        }

    def serve(self, namespace: dict[str, Any], entry_point: str) -> None:
        self._namespace, self._entry_point, self._me = namespace, entry_point, os.getpid()
        if self._mirror is None and self._lender is None:
            self._serve_plainly(namespace, entry_point, self._line.fd, self._codec.scan)
        while (question := self._next_question()) is not None:
            self._answer(question)

    def _serve_plainly(
        self,
        namespace: dict[str, Any],
        name: str,
        fd: int,
        scan: Callable[[str, int], tuple[Any, int]],
        *,
        read: Callable[[int, int], bytes] = os.read,
        write: Callable[[int, bytes], int] = os.write,
        own_id: Callable[[], int] = os.getpid,
        quoted: Callable[[str], str] = encode_basestring_ascii,
        text_of: Callable[[Any], str] = encode,
        flat: Callable[[list[Any]], bool] = is_flat,
        constants: Mapping[Any, bytes] = _CONSTANTS,
    ) -> None:
        """Answer for as long as whole, short questions come.

        All in one place, because each function and each table that a fresh fork uses
        is a page to be copied; what is not plain is left to the methods below.
        """
        me = self._me
        while data := read(fd, SHORT):
            size = len(data) - 4
            if data[:4] != size.to_bytes(4, "big"):
                self._line.take_back(data)
                return
            question = scan(data[4:].decode("ascii"), 0)[0]
            function = namespace.get(name)
            plain = question[1:] == [None, name] or question[1:] == [None]
            if not plain or type(question[0]) is not list or function is None:
                self._answer(question)
                continue
            try:
                value = function(*question[0])
                kind = type(value)
                if kind is int and -LARGEST < value < LARGEST:
                    reply = b'["value",%d]' % value
                elif kind is str and value.isascii():
                    reply = b'["value",%s]' % quoted(value).encode()
                elif kind is bool or value is None:
                    reply = constants[value]
                elif kind is float and value - value == 0:
                    reply = b'["value",%s]' % repr(value).encode()
                elif kind is list and 0 < len(value) < SHORT and flat(value):
                    reply = text_of(["value", value]).encode()
                else:
                    reply = self._reply(value)
            except BaseException as error:
                reply = self._raised(error)
            if own_id() != me:
                os._exit(0)
            self._flush()
            if len(reply) > SHORT:
                self._send(reply)
            else:
                write(fd, len(reply).to_bytes(4, "big") + reply)  # so short that it goes at once

    def _next_question(self) -> list[Any] | None:
        while (payload := self._line.receive()) is not None:
            mirror = self._mirror if not self._nested else None
            question: list[Any] = (mirror.unpack_question if mirror else self._codec.unpack)(payload)
            if question[0] != "free":
                return question
            if self._lender is not None:
                self._lender.free(question[1])
        return None

    def _answer(self, question: list[Any]) -> None:
        action, parts = self._call, question
        if question[0] == "many":
            self._answer_all(question[1])
            return
        if type(question[0]) is str:
            action, parts = self._actions[question[0]], question[1:]
        try:
            reply = self._reply(action(*parts))
        except _MissingError:
            reply = self._codec.pack(["missing"])
        except BaseException as error:
            reply = self._raised(error)
        if os.getpid() != self._me:
            os._exit(0)  # a fork of the program came back through its function
        self._flush()
        self._send(reply)

    def _answer_all(self, calls: list[list[Any]]) -> None:
        """Answer each call; answers that come quickly one after the other go together.

        To wake the other side for each would cost more than most functions do.
        """
        answers: list[bytes] = []
        size, last = 0, monotonic()
        for number, args in enumerate(calls, start=1):
            try:
                reply = self._reply(self._call(args, None))
            except _MissingError:
                reply = self._codec.pack(["missing"])
            except BaseException as error:
                reply = self._raised(error)
            if os.getpid() != self._me:
                os._exit(0)
            answers.append(reply)
            size += len(reply)
            if number < len(calls) and size < _TOGETHER_BYTES and monotonic() - last < _TOGETHER_S:
                continue
            self._flush()
            if size < _TOGETHER_BYTES:
                self._line.send(*answers)
            else:
                for one in answers:
                    self._send(one)
            answers, size, last = [], 0, monotonic()

    def _flush(self) -> None:
        with suppress(Exception):
            sys.stdout.flush()

    def _send(self, reply: bytes) -> None:
        try:
            self._line.send(reply)
        except NotPlainError as error:
            self._line.send(self._codec.pack(["fault", str(error)]))

    def _reply(self, value: Any) -> bytes:
        try:
            if self._mirror is not None and not self._nested:
                return self._mirror.pack_answer(["value", value])
            return self._codec.pack(["value", value])
        except NotPlainError as error:
            return self._codec.pack(["fault", str(error)[:300]])

    def _raised(self, error: BaseException) -> bytes:
        kind = type(error)
        told = ["raised", str(kind.__name__)[:100], message_of(error)]
        base, args = base_of(kind), list(error.args)
        if base == told[1] and args == [told[2]]:
            return self._codec.pack(told)
        try:
            return self._codec.pack([*told, base, args, str(kind.__module__)[:100]])
        except BaseException:
            return self._codec.pack([*told, base, None, ""])

    def _call(self, args: list[Any], kwargs: dict[str, Any] | None, name: str | None = None) -> Any:
        try:
            function = self._namespace[name or self._entry_point]
        except KeyError:
            if name in (None, self._entry_point):
                raise _MissingError from None
            raise NameError(f"name {name!r} is not defined") from None
        return function(*args, **kwargs) if kwargs else function(*args)

    def _names(self) -> list[str]:
        home = self._namespace.get("__name__")
        return [
            name
            for name, value in list(self._namespace.items())
            if callable(value) and name[:2] != "__" and getattr(value, "__module__", None) == home
        ]

    def _do(self, target: int | str, what: str, args: list[Any], kwargs: dict[str, Any] | None) -> Any:
        if self._lender is None:
            raise NotPlainError("nothing that was lent out")
        thing = self._namespace[target] if isinstance(target, str) else self._lender.lent(target)
        return self._lender.do(thing, what, args, kwargs or {})

    # What only an argument can be, or only one that is to be trusted

    def _class(self, name: str) -> Any:
        """The program's own class of that name, if it has one."""
        kind = self._namespace.get(name)
        return kind if isinstance(kind, type) else None

    def _read_record(self, parts: Any) -> Any:
        record: Record = READERS["record"](parts)
        kind = self._class(record._class_name)
        if kind is None:
            return record
        made = object.__new__(kind)
        for name, value in vars(record).items():
            object.__setattr__(made, name, value)
        return made

    def _read_member(self, parts: Any) -> Any:
        member: Member = READERS["member"](parts)
        kind = self._class(member._class_name)
        with suppress(Exception):
            return kind[member.name]
        return member

    def _read_callback(self, parts: Any) -> Callable[..., Any]:
        number = want(parts, int)

        def callback(*args: Any, **kwargs: Any) -> Any:
            return self._ask(number, args, kwargs)

        return callback

    def _ask(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call back; what is asked of us in the meantime is answered first."""
        if os.getpid() != self._me or threading.get_ident() != self._thread:
            raise RuntimeError("a function that came as an argument can be called from the first thread only")
        if self._nested >= MAX_NESTED:
            raise RecursionError("maximum recursion depth exceeded")
        self._nested += 1
        try:
            self._line.send(self._codec.pack(["ask", number, list(args), kwargs]))
            while (answer := self._next_question()) is not None:
                if answer[0] == "answer":
                    return answer[1]
                if answer[0] == "error":
                    raise exception(*answer[1:])
                self._answer(answer)
        finally:
            self._nested -= 1
        os._exit(0)  # nobody asks any more, and the program waits for an answer


def _read_pattern(parts: Any) -> Any:
    told = READERS["pattern"](parts)
    return re.compile(told.pattern, told.flags & ~re.DEBUG)


class _MissingError(Exception):
    """The program defines nothing of that name."""


_plain: dict[int, _Server] = {}
