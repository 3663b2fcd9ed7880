"""The tags of numpy's arrays and scalars, and of torch's tensors.

An array crosses as its type, its shape and its bytes; a structured one field by
field, one of objects item by item. numpy and torch are imported only where a
value of theirs is read.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any

from .frames import NotPlainError, WireError
from .wire_values import Tree, Write, from_base64, tag, to_base64, want

_DTYPE = re.compile(r"[<>|=][biufcSUMmV?][0-9]{1,9}(\[[0-9]{0,6}[A-Za-zμ]{1,2}\])?")
_MAX_DIMENSIONS = 32
_TORCH_ONLY = ("bfloat16",)
_MAX_FIELDS = 1000


def writer(value: Any) -> Write | None:
    """How to write `value`, if it is one of these."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, getattr(numpy, "ndarray", ())):
        return _write_masked if isinstance(value, numpy.ma.MaskedArray) else _write_array
    if numpy is not None and isinstance(value, getattr(numpy, "generic", ())):
        return _write_scalar
    if numpy is not None and isinstance(value, getattr(numpy, "dtype", ())):
        return _write_dtype
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, getattr(torch, "Tensor", ())):
        return _write_tensor
    return None


def _write_array(value: Any, depth: int, codec: Tree) -> Any:
    numpy = sys.modules["numpy"]
    name = "matrix" if isinstance(value, numpy.matrix) else "ndarray"
    return array_tree(numpy.asarray(value), depth, codec, name)


def array_tree(array: Any, depth: int, codec: Tree, name: str = "ndarray") -> Any:
    """The tree of a plain array."""
    dtype = array.dtype
    if array.ndim > _MAX_DIMENSIONS or (dtype.names is not None and not 0 < len(dtype.names) <= _MAX_FIELDS):
        raise NotPlainError("an array of too many dimensions or fields")
    if dtype.names is not None:
        fields = [array_tree(array[field], depth, codec) for field in dtype.names]
        return tag("struct", [list(dtype.names), list(array.shape), fields])
    if dtype.kind in "OT":
        return tag("objects", [list(array.shape), codec.items(array.ravel().tolist(), depth)])
    if not _DTYPE.fullmatch(dtype.str) or dtype.kind == "V" or (array.size and not dtype.itemsize):
        raise NotPlainError(f"an array of dtype {dtype}, which is not plain data")
    return tag(name, [dtype.str, list(array.shape), to_base64(array.tobytes())])


def _write_masked(value: Any, depth: int, codec: Tree) -> Any:
    numpy = sys.modules["numpy"]
    data, mask = numpy.asarray(value.data), numpy.ma.getmaskarray(value)
    if mask.dtype != bool:
        raise NotPlainError("an array of masked fields, which is not plain data")
    return tag("masked", [array_tree(data, depth, codec), array_tree(mask, depth, codec)])


def _write_scalar(value: Any, depth: int, codec: Tree) -> Any:
    numpy = sys.modules["numpy"]
    tree = array_tree(numpy.asarray(value), depth, codec)
    return tag("scalar", tree)


def _write_dtype(value: Any, depth: int, codec: Tree) -> Any:
    if not _DTYPE.fullmatch(value.str) or value.names is not None:
        raise NotPlainError(f"the dtype {value}, which is not plain data")
    return tag("dtype", value.str)


def _write_tensor(value: Any, depth: int, codec: Tree) -> Any:
    torch = sys.modules["torch"]
    kind = str(value.dtype).removeprefix("torch.")
    if value.layout != torch.strided or value.is_quantized:
        raise NotPlainError("a tensor that is not dense, which is not plain data")
    plain = value.detach().cpu().resolve_conj().resolve_neg()
    if kind in _TORCH_ONLY:
        plain = plain.view(torch.int16)
    return tag("tensor", [kind, array_tree(plain.numpy(), depth, codec)])


def _shape(parts: Any) -> list[int]:
    if any(type(n) is not int or n < 0 for n in want(parts, list)) or len(parts) > _MAX_DIMENSIONS:
        raise WireError("a malformed array shape")
    return list(parts)


def _read_array(parts: Any) -> Any:
    import numpy

    kind, shape, data = want(parts, list, 3)
    raw = from_base64(data)
    dtype = _dtype(kind)
    if math.prod(_shape(shape)) * dtype.itemsize != len(raw):
        raise WireError("an array whose data does not fill its shape")
    if not raw:
        if math.prod(shape) != 0:  # numpy gives an item of no size one letter, and so any array much memory
            raise WireError("an array of items of no size")
        return numpy.zeros(shape, dtype)
    return numpy.frombuffer(raw, dtype).reshape(shape).copy()


def _dtype(parts: Any) -> Any:
    import numpy

    if not _DTYPE.fullmatch(want(parts, str)) or parts[1] == "V":
        raise WireError("an array of a dtype that is not plain")
    return numpy.dtype(parts)


def _read_matrix(parts: Any) -> Any:
    import numpy

    return numpy.asmatrix(_read_array(parts))


def _want_array(part: Any) -> Any:
    import numpy

    if type(part) is not numpy.ndarray:
        raise WireError("a part that is not an array")
    return part


def _read_struct(parts: Any) -> Any:
    import numpy

    names, shape, fields = want(parts, list, 3)
    fields = [_want_array(field) for field in want(fields, list)]
    shape = _shape(shape)
    if len(want(names, list)) != len(fields) or not 0 < len(fields) <= _MAX_FIELDS:
        raise WireError("a structured array with the wrong number of fields")
    if any(list(field.shape[: len(shape)]) != shape for field in fields):
        raise WireError("a structured array with a field of another shape")
    # Only what the fields hold is allocated: an empty dimension would allow any size in the others.
    inner = [(want(name, str), f.dtype, f.shape[len(shape) :]) for name, f in zip(names, fields, strict=True)]
    made = numpy.zeros(shape, numpy.dtype(inner))
    for name, field in zip(names, fields, strict=True):
        made[name] = field
    return made


def _read_objects(parts: Any) -> Any:
    import numpy

    shape, items = want(parts, list, 2)
    if math.prod(_shape(shape)) != len(want(items, list)):
        raise WireError("an array whose items do not fill its shape")
    made = numpy.empty(len(items), object)
    for number, item in enumerate(items):  # assigned at once, a list of lists would become an array
        made[number] = item
    return made.reshape(shape)


def _read_masked(parts: Any) -> Any:
    import numpy

    data, mask = (_want_array(part) for part in want(parts, list, 2))
    if data.shape != mask.shape or mask.dtype != bool:
        raise WireError("a mask that does not fit its array")
    return numpy.ma.MaskedArray(data, mask)


def _read_scalar(part: Any) -> Any:
    array = _want_array(part)
    if array.shape != () or array.dtype == object:
        raise WireError("a scalar with a shape")
    return array[()]


def read_tensor_here(parts: Any) -> Any:
    """A tensor where torch has been imported; elsewhere an array, as the import takes seconds."""
    if "torch" in sys.modules:
        return _read_tensor(parts)
    import numpy

    kind, array = want(parts, list, 2)
    if kind in _TORCH_ONLY:
        bits = _want_array(array).view("<u2").astype("<u4") << numpy.uint32(16)
        return bits.view("<f4")
    return _want_array(array)


def _read_tensor(parts: Any) -> Any:
    import torch

    kind, array = want(parts, list, 2)
    made = torch.from_numpy(_want_array(array))
    if kind in _TORCH_ONLY:
        made = made.view(getattr(torch, kind))
    if str(made.dtype) != f"torch.{kind}":
        raise WireError("a tensor of another type than it says")
    return made


READERS: dict[str, Callable[[Any], Any]] = {
    "ndarray": _read_array,
    "matrix": _read_matrix,
    "struct": _read_struct,
    "objects": _read_objects,
    "masked": _read_masked,
    "scalar": _read_scalar,
    "dtype": _dtype,
    "tensor": _read_tensor,
}
