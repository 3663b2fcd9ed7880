"""Arguments that are changed in place: the objects of one side mirrored on the other.

The asking side numbers the mutable objects of a question; the answering side
keeps its copies under the same numbers, and after the call sends what each holds
now, in which an object that has a number stands as its number. So the asker can
bring its own objects to the same state, whichever of them were passed twice,
moved into one another, or returned.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any

from .frames import WireError
from .records import Record
from .wire import MAX_DEPTH, MAX_PARTS, Codec
from .wire_values import tag, want

_KINDS = frozenset({list, dict, set, bytearray, deque, OrderedDict, defaultdict, Counter})
_LEAVES = frozenset({int, str, float, bool, type(None), bytes})
_LIBRARY = (("numpy", "ndarray"), ("pandas", "DataFrame"), ("pandas", "Series"))


class Mirror(Codec):
    """A codec for questions with numbered objects, and for answers that refer to them."""

    def __init__(
        self,
        *,
        other: Callable[[Any], Any] | None = None,
        first: Callable[[Any], Any] | None = None,
        readers: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:
        """As a Codec."""
        own = {"at": self._read_at, "see": self._read_see}
        super().__init__(other=other, first=first, readers={**(readers or {}), **own})
        self.objects: list[Any] = []
        """The numbered objects of the question that is under way."""
        self._numbers: dict[int, int] = {}
        self._numbering = False
        self._reading = False

    def pack_question(self, question: Any) -> bytes:
        """Write a question and number its objects."""
        self.objects, self._numbers, self._numbering = [], {}, True
        try:
            return super().pack(question)
        finally:
            self._numbering = False

    def unpack_question(self, payload: bytes) -> Any:
        """Read a question and keep its objects by their numbers."""
        self.objects = []
        self._reading = True
        try:
            question = super().unpack(payload)
        finally:
            self._reading = False
        self._numbers = {id(kept): number for number, kept in enumerate(self.objects)}
        return question

    def pack_answer(self, answer: list[Any]) -> bytes:
        """Write an answer, and after it what the numbered objects hold now."""
        trees = [self.tree(part, 1) for part in answer]
        held = [super(Mirror, self).tree(kept, 2) for kept in self.objects]
        return self.text([*trees, held])

    def unpack_answer(self, payload: bytes) -> list[Any]:
        """Read an answer and bring the numbered objects to their new state; raises WireError."""
        answer = super().unpack(payload)
        if type(answer) is not list or not answer:
            raise WireError("not an answer")
        if answer[0] != "value":
            return answer
        held = want(answer.pop() if len(answer) == 3 else None, list, len(self.objects))
        for kept, now in zip(self.objects, held, strict=True):
            if type(kept) is not type(now):
                raise WireError("an argument that became another type")
        for kept, now in zip(self.objects, held, strict=True):
            _refill(kept, now)
        _weigh([answer, self.objects], {}, 0)
        return answer

    def tree(self, value: Any, depth: int) -> Any:
        """As a Codec's, with numbers for mutable objects."""
        number = self._numbers.get(id(value))
        if number is not None:
            return tag("see", number)
        if self._numbering and _is_mutable(value):
            number = self._numbers[id(value)] = len(self.objects)
            self.objects.append(value)
            return tag("at", [number, super().tree(value, depth)])
        return super().tree(value, depth)

    def _read_at(self, parts: Any) -> Any:
        number, value = want(parts, list, 2)
        if not self._reading or not 0 <= want(number, int) < MAX_PARTS:
            raise WireError("a number where none is given")
        self.objects.extend([None] * (number + 1 - len(self.objects)))
        self.objects[number] = value
        return value

    def _read_see(self, parts: Any) -> Any:
        if not 0 <= want(parts, int) < len(self.objects):
            raise WireError("a number that no object has")
        return self.objects[parts]


def _is_mutable(value: Any) -> bool:
    if type(value) in _KINDS:
        return True
    for module, name in _LIBRARY:
        if module in sys.modules and type(value) is getattr(sys.modules[module], name, None):
            return True
    return False


def _refill(kept: Any, now: Any) -> None:
    """Give `kept` the content of `now`, which is of the same type."""
    if isinstance(kept, list | bytearray):
        kept[:] = now
    elif isinstance(kept, dict):
        kept.clear()
        for key, value in now.items():
            kept[key] = value
    elif isinstance(kept, set):
        kept.clear()
        kept.update(now)
    elif isinstance(kept, deque):
        kept.clear()
        kept.extend(now)
    elif type(kept).__module__.startswith("numpy"):
        if kept.dtype != now.dtype:
            raise WireError("an array that became one of another type")
        if kept.shape != now.shape:
            try:
                kept.resize(now.shape, refcheck=False)
            except ValueError as error:
                raise WireError(f"an array that took another shape: {error}") from None
        kept[...] = now
    else:
        type(kept).__init__(kept, now)  # a frame takes over another's columns and index so


def _weigh(value: Any, known: dict[int, tuple[int, int]], depth: int) -> tuple[int, int]:
    """Parts and height of a value that may hold one object many times.

    Raises WireError if it holds itself, or is so large when written out that
    comparing it would take for ever.
    """
    parts = _parts_of(value)
    if parts is None:
        return 1, 0
    if depth > MAX_DEPTH:
        raise WireError(f"arguments that hold themselves, or are nested deeper than {MAX_DEPTH} levels")
    if (weight := known.get(id(value))) is not None:
        return weight
    size = height = 1
    for item in parts:
        if type(item) in _LEAVES:
            size += 1
            continue
        more, levels = _weigh(item, known, depth + 1)
        size, height = size + more, max(height, levels + 1)
    if size > MAX_PARTS or height > MAX_DEPTH:
        raise WireError("arguments that are too large when written out")
    known[id(value)] = size, height
    return size, height


def _parts_of(value: Any) -> list[Any] | None:
    """What `value` holds that may be an object with a number, or hold one."""
    if isinstance(value, list | tuple | deque):
        return list(value)
    if isinstance(value, dict):
        return list(dict.values(value))
    if isinstance(value, Record):
        return list(vars(value).values())
    if isinstance(value, BaseException):
        return list(value.args)
    if not type(value).__module__.startswith(("numpy", "pandas")):
        return None
    if hasattr(value, "dtypes") and hasattr(value, "columns"):
        columns = [value.iloc[:, number] for number in range(value.shape[1])]
        return [column for column in columns if str(column.dtype) == "object"]
    if str(getattr(value, "dtype", "")) == "object" and hasattr(value, "tolist"):
        return [value.tolist()]
    return None
