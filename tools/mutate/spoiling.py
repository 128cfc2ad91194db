"""What can be spoilt of a block: the statuses in what it says and answers, what it says at all, and what it hears."""

from __future__ import annotations

import enum
import functools
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final, Literal

import msgspec

VARIABLE: Final = "FORECOURT_SPOIL"
"""`BLOCK/HOW`, for the tests of the station."""

HOW: Final = ("swap", "drop", "deaf")
"""A status is another one; what the block wants said is not; whatever it hears is an error."""

_BLOCKS: Final = "forecourt.station.blocks"


def dialects(block: str) -> Iterator[ModuleType]:
    """The files in which a block speaks the wire's words."""
    for name in ("v16", "v2"):
        try:
            yield importlib.import_module(f"{_BLOCKS}.{block}.{name}")
        except ModuleNotFoundError:
            continue


def senseless(block: str, how: str) -> str | None:
    """Why a block cannot be spoilt in this way, by what its dialects have; None where it can."""
    tables = list(dialects(block))
    reasons = {
        "swap": (any(_has_status(one) for one in tables), "nothing it says or answers has a status"),
        "drop": (any(one.SAYS for one in tables), "it says nothing by itself"),
        "deaf": (any(one.HEARS for one in tables), "it hears nothing"),
    }
    possible, reason = reasons[how]
    return None if possible else reason


def _has_status(module: ModuleType) -> bool:
    """Whether it ever puts a status into a message: words of the wire that it never uses do not count."""
    return "status=" in inspect.getsource(module)


def spoil(block: str, how: str) -> int:
    """Spoil a block before its tables are put together; returns of how many messages. Raises KeyError for an unknown `how`."""
    change: Callable[[ModuleType], int] = {"swap": _swap, "drop": _drop, "deaf": _deaf}[how]
    return sum(change(module) for module in dialects(block))


def _swap(module: ModuleType) -> int:
    for request, handler in list(module.HEARS.items()):
        module.HEARS[request] = functools.partial(_swapped_answer, handler)
    for notice, said in list(module.SAYS.items()):
        module.SAYS[notice] = type(said)(said.message, functools.partial(_swapped_answer, said.say), said.heard)
    return len(module.HEARS) + len(module.SAYS)


def _drop(module: ModuleType) -> int:
    for notice, said in list(module.SAYS.items()):
        module.SAYS[notice] = type(said)(said.message, _nothing, said.heard)
    return len(module.SAYS)


def _deaf(module: ModuleType) -> int:
    for request in list(module.HEARS):
        module.HEARS[request] = _broken
    return len(module.HEARS)


def _nothing(*_: Any) -> None:
    return None


def _broken(*_: Any) -> Any:
    raise RuntimeError("spoilt on purpose")


def _swapped_answer(made: Callable[..., Any], *arguments: Any) -> Any:
    return swapped(made(*arguments))


def swapped(message: Any) -> Any:
    """The message with another value in each status it has; itself where it has none."""
    if not isinstance(message, msgspec.Struct):
        return message
    hints = typing.get_type_hints(type(message))
    changes = {}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if name.endswith("status") and isinstance(value, str):
            others = [one for one in _values(hints[name]) if one != value]
            if others:
                changes[name] = others[0]
    return msgspec.structs.replace(message, **changes) if changes else message


def _values(hint: Any) -> Iterator[str]:
    if typing.get_origin(hint) is Literal:
        yield from typing.get_args(hint)
    elif isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        yield from hint
    else:
        for one in typing.get_args(hint):
            yield from _values(one)
