"""Whether something is as a scenario wants it: paths into it, and what is there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from forecourt.station.workbench.records import Record


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


def at(thing: Any, path: str) -> Any:
    """What is at a path such as `evses.0.state`; MISSING where there is nothing."""
    for part in path.split("."):
        if isinstance(thing, Mapping) and part in thing:
            thing = thing[part]
        elif isinstance(thing, list | tuple) and part.lstrip("-").isdigit() and -len(thing) <= int(part) < len(thing):
            thing = thing[int(part)]
        else:
            return MISSING
    return thing


def fits(found: Any, wanted: Any) -> bool:
    """Equal; or, for a table, each of its comparisons: `at-least`, `at-most`, `not`, `one-of`, `matches`, `there`."""
    if not isinstance(wanted, Mapping):
        return bool(found == wanted)
    return all(_compare(found, name, to) for name, to in wanted.items())


def _compare(found: Any, name: str, to: Any) -> bool:
    number = isinstance(found, int | float) and not isinstance(found, bool)
    match name:
        case "at-least":
            return number and bool(found >= to)
        case "at-most":
            return number and bool(found <= to)
        case "not":
            return found is not MISSING and bool(found != to)
        case "one-of":
            return found in to
        case "matches":
            return isinstance(found, str) and re.search(to, found) is not None
        case "there":
            return (found is not MISSING and found is not None) is to
    raise ValueError(f"{name}: not a comparison")


COMPARISONS: Final = ("at-least", "at-most", "not", "one-of", "matches", "there")


def misfit(thing: Any, wanted: Mapping[str, Any]) -> str | None:
    """The first path that is not as wanted, in words; None where all are."""
    for path, value in wanted.items():
        found = at(thing, path)
        if not fits(found, value):
            return f"{path} is {found!r}, not {value!r}"
    return None


def is_such(
    record: Record,
    kind: str,
    *,
    action: str = "*",
    evse: int | None = None,
    where: Mapping[str, Any],
    answer: Mapping[str, Any],
    text: Any = None,
) -> bool:
    """Whether a record is one that a step is about."""
    return (
        record.kind == kind
        and action in ("*", record.action)
        and evse in (None, record.evse)
        and misfit(record.payload, where) is None
        and misfit(record.answer, answer) is None
        and (text is None or fits(record.text, text))
    )
