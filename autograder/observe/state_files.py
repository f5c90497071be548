"""Inside the kernel: names and shapes of the tensors in a `state_dict` file, read without unpickling anything.

`torch.save` writes a zip archive whose `data.pkl` is a pickle; its old format has four pickles in a row, the last of
which is the state, and then the numbers. Their instructions are walked with `pickletools.genops`: a name of a class or
function is looked up in a list of allowed ones and never imported, and nothing is called. Whatever does not fit makes
the file unread.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_PICKLE_BYTES = 2**20
MAX_INSTRUCTIONS = 200_000
MAX_TENSORS = 2000
_MAX_MEMBERS = 20_000
_MAX_AXES = 16
_MAX_NAME = 300
_MAX_SIZE = 2**40
_DEPTH = 3

_STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_TENSOR, _PARAMETER, _DICT = (
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "collections OrderedDict",
)
_ALLOWED = frozenset((_TENSOR, _PARAMETER, _DICT, *(f"torch {name}" for name in _STORAGES)))
_MARK = object()
_MAGIC = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER


class _Unread(Exception):
    """The pickle is not one of a plain `state_dict`."""


class _Name(str):
    """The name of an allowed class or function."""


class _Tensor:
    def __init__(self, shape: tuple[int, ...], dtype: str) -> None:
        self.shape, self.dtype = shape, dtype


def saved_tensors(path: Path) -> list[dict[str, Any]] | None:
    """Name, shape and dtype of each tensor; None if the file is not read, for whatever reason.

    In a checkpoint, which is a dict of several things, the largest dict of tensors counts.
    """
    try:
        found = _state(_walked(_pickle(path)) if zipfile.is_zipfile(path) else _old_format(path))
    except Exception:
        return None
    return [{"name": name, "shape": list(one.shape), "dtype": one.dtype} for name, one in found.items()]


def _pickle(path: Path) -> io.BytesIO:
    with zipfile.ZipFile(path) as archive:
        if len(archive.infolist()) > _MAX_MEMBERS:
            raise _Unread
        (member,) = (one for one in archive.infolist() if one.filename.split("/")[1:] == ["data.pkl"])
        with archive.open(member) as file:
            content = file.read(MAX_PICKLE_BYTES + 1)
    if len(content) > MAX_PICKLE_BYTES:
        raise _Unread
    return io.BytesIO(content)


def _old_format(path: Path) -> Any:
    """The state after a magic number, the version of the format and facts about the machine."""
    with path.open("rb") as file:
        pickles = io.BytesIO(file.read(MAX_PICKLE_BYTES))
    if _walked(pickles) != _MAGIC:
        raise _Unread
    _walked(pickles), _walked(pickles)
    return _walked(pickles)


def _state(given: Any, depth: int = 0) -> dict[str, _Tensor]:
    if type(given) is not dict:
        raise _Unread
    tensors = {name: one for name, one in given.items() if type(one) is _Tensor}
    if not tensors and depth < _DEPTH:
        inner = []
        for one in given.values():
            if type(one) is dict and one:
                try:
                    inner.append(_state(one, depth + 1))
                except _Unread:
                    continue
        tensors = max(inner, key=len, default={})
    if not tensors or len(tensors) > MAX_TENSORS:
        raise _Unread
    if not all(type(name) is str and len(name) <= _MAX_NAME for name in tensors):
        raise _Unread
    return tensors


def _walked(content: io.BytesIO) -> Any:
    """What the next pickle describes: plain values, dicts and tensors without their numbers."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for count, (code, argument, _) in enumerate(pickletools.genops(content)):
        if count > MAX_INSTRUCTIONS:
            raise _Unread
        if code.name == "STOP":
            (found,) = stack
            return found
        if code.name in ("BINPUT", "LONG_BINPUT"):
            memo[_index(argument)] = stack[-1]
        elif code.name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif code.name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[_index(argument)])
        elif code.name in _PLAIN:
            stack.append(argument)
        elif code.name in _DOES:
            _DOES[code.name](stack, argument)
        elif code.name not in ("PROTO", "FRAME"):
            raise _Unread
    raise _Unread


def _index(argument: Any) -> int:
    return int(argument)


_PLAIN = frozenset(
    ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT")
)


def _marked(stack: list[Any]) -> list[Any]:
    """Take everything above the last mark."""
    at = len(stack) - 1
    while stack[at] is not _MARK:
        at -= 1
        if at < 0:
            raise _Unread
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _pushes(make: Callable[[], Any]) -> Callable[[list[Any], Any], None]:
    return lambda stack, _: stack.append(make())


def _tuple(size: int) -> Callable[[list[Any], Any], None]:
    def take(stack: list[Any], _: Any) -> None:
        items = tuple(stack[len(stack) - size :])
        if len(items) != size:
            raise _Unread
        del stack[len(stack) - size :]
        stack.append(items)

    return take


def _marked_tuple(stack: list[Any], _: Any) -> None:
    stack.append(tuple(_marked(stack)))


def _global(stack: list[Any], argument: Any) -> None:
    if argument not in _ALLOWED:
        raise _Unread
    stack.append(_Name(argument))


def _stack_global(stack: list[Any], _: Any) -> None:
    name, module = stack.pop(), stack.pop()
    _global(stack, f"{module} {name}")


def _storage(stack: list[Any], _: Any) -> None:
    """A reference to a storage: ("storage", its class, its key, its device, the number of its elements), in the old
    format also what part of another one it is."""
    given = stack.pop()
    if type(given) is not tuple or len(given) not in (5, 6) or given[0] != "storage" or type(given[1]) is not _Name:
        raise _Unread
    stack.append(_STORAGES[given[1].removeprefix("torch ")])


def _call(stack: list[Any], _: Any) -> None:
    arguments, function = stack.pop(), stack.pop()
    if type(arguments) is not tuple or type(function) is not _Name:
        raise _Unread
    if function == _DICT and not arguments:
        stack.append({})
    elif function == _TENSOR and len(arguments) in (6, 7):
        dtype, _offset, shape, *_rest = arguments
        if type(dtype) is not str or type(shape) is not tuple or len(shape) > _MAX_AXES:
            raise _Unread
        if not all(type(size) is int and 0 <= size <= _MAX_SIZE for size in shape):
            raise _Unread
        stack.append(_Tensor(shape, dtype))
    elif function == _PARAMETER and arguments and type(arguments[0]) is _Tensor:
        stack.append(arguments[0])
    else:
        raise _Unread


def _set_items(stack: list[Any], _: Any) -> None:
    items = _marked(stack)
    _fill(stack[-1], items)


def _set_item(stack: list[Any], _: Any) -> None:
    value, key = stack.pop(), stack.pop()
    _fill(stack[-1], [key, value])


def _fill(given: Any, items: list[Any]) -> None:
    if type(given) is not dict or len(items) % 2:
        raise _Unread
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) not in (str, int):
            raise _Unread
        given[key] = value


def _append(stack: list[Any], _: Any) -> None:
    value = stack.pop()
    if type(stack[-1]) is not list:
        raise _Unread
    stack[-1].append(value)


def _append_all(stack: list[Any], _: Any) -> None:
    items = _marked(stack)
    if type(stack[-1]) is not list:
        raise _Unread
    stack[-1].extend(items)


def _build(stack: list[Any], _: Any) -> None:
    """Attributes of a dict, as `state_dict` has them in `_metadata`: left out."""
    stack.pop()
    if type(stack[-1]) is not dict:
        raise _Unread


_DOES: dict[str, Callable[[list[Any], Any], None]] = {
    "MARK": _pushes(lambda: _MARK),
    "NONE": _pushes(lambda: None),
    "NEWTRUE": _pushes(lambda: True),
    "NEWFALSE": _pushes(lambda: False),
    "EMPTY_DICT": _pushes(dict),
    "EMPTY_LIST": _pushes(list),
    "EMPTY_TUPLE": _pushes(tuple),
    "TUPLE": _marked_tuple,
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "BINPERSID": _storage,
    "REDUCE": _call,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "APPEND": _append,
    "APPENDS": _append_all,
    "BUILD": _build,
}
