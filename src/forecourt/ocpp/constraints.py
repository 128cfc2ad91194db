"""What msgspec cannot check: the rules of numbers, the range of date-times, and what one version forbids of the types of its dialect.

`check_of` makes one function per version and message, at first use: the fields are walked once, and what remains to be
checked of them is written down as the source of a flat function. A subtree with nothing to check leaves nothing behind.
For `v2.TransactionEvent` in 2.1 the function begins

    def check(m):
        if (v1 := m.cost_details) is not UNSET:
            ...
        v22 = m.seq_no
        if v22 < 0:
            raise PayloadFault(PROPERTY, 'number below 0', joined('$', '.seqNo'))

The same checks as closures that call each other were measured too: they take five times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeAlias

from msgspec import UNSET
from msgspec.structs import force_setattr

from forecourt.ocpp.delta import Bounds
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.fields import Anything, Array, Choice, Fraction, Moment, Nested, Shape, Text, Whole
from forecourt.ocpp.message import Message
from forecourt.ocpp.moments import is_in_range
from forecourt.ocpp.numbers import is_bounded, is_multiple
from forecourt.ocpp.open_data import check_anything
from forecourt.ocpp.payload_faults import MISSING, OUT_OF_RANGE, OUT_OF_TIME, PayloadFault, joined, kind_of
from forecourt.ocpp.rules import Rule, rules_of
from forecourt.ocpp.versions import Version

Check: TypeAlias = Callable[[Message], None]
"""Raises the PayloadFault for the first thing wrong with a decoded message, and puts Decimals where numbers came as integers."""

_Place: TypeAlias = tuple[str, ...]
"""Source of the arguments of `joined`: of texts, and of an array followed by its item."""

_NO_BOUNDS: Final = Bounds()
_NUMBER_LIMITS: Final = ("number below {}", "number above {}")
_TEXT_LIMITS: Final = ("text of fewer than {} characters", "text of more than {} characters")
_ARRAY_LIMITS: Final = ("fewer than {} items", "more than {} items")


@cache
def check_of(version: Version, struct: type[Message]) -> Check | None:
    """The check that `version` makes of a decoded message of type `struct`; None when msgspec says it all."""
    writer = _Writer(version)
    writer.struct(struct, "m", ("'$'",))
    if not writer.lines:
        return None
    source = "\n".join(["def check(m):", *writer.lines])
    # The source is made of the names and limits of our own types; nothing in it comes from a peer.
    exec(compile(source, f"<check of {struct.__name__} in {version.name}>", "exec"), writer.namespace)  # noqa: S102
    check: Check = writer.namespace["check"]
    return check


def decimal_in(holder: Message, attribute: str, value: Any, *where: Any) -> Decimal:
    """The Decimal for a number that came as an integer, which is put into `holder` in its stead.

    `where` are the parts of its path (`joined`), which is put together only for a fault. Raises the PayloadFault for what is
    no number, and for an integer out of range.
    """
    if type(value) is not int:
        raise PayloadFault(ErrorCode.TYPE_CONSTRAINT_VIOLATION, f"{kind_of(value)} instead of number", joined(*where))
    if not is_bounded(value):
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, OUT_OF_RANGE, joined(*where))
    number = Decimal(value)
    # The message is frozen, and nobody but its reader has seen it yet.
    force_setattr(holder, attribute, number)
    return number


_NAMESPACE: Final[Mapping[str, Any]] = {
    "UNSET": UNSET,
    "Decimal": Decimal,
    "PayloadFault": PayloadFault,
    "OCCURRENCE": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "PROPERTY": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "STRUCTURE": ErrorCode.PROTOCOL_ERROR,
    "TYPE": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "check_anything": check_anything,
    "decimal_in": decimal_in,
    "is_in_range": is_in_range,
    "is_multiple": is_multiple,
    "joined": joined,
}


class _Writer:
    """Writes the statements of one check function."""

    def __init__(self, version: Version) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = dict(_NAMESPACE)
        self._version = version
        self._indent = 1
        self._names = 0

    def struct(self, struct: type[Message], holder: str, place: _Place) -> None:
        """Check all fields of the object that the variable `holder` holds."""
        for rule in rules_of(self._version, struct):
            value = f"{holder}.{rule.attribute}"
            where = (*place, repr(f".{rule.wire}"))
            if not rule.known:
                reason = f"not a field of OCPP {self._version.name}"
                self._refuse_if(f"{value} is not UNSET", "STRUCTURE", reason, where)
                continue
            if rule.required and not rule.required_by_type:
                self._refuse_if(f"{value} is UNSET", "OCCURRENCE", MISSING, where)
            self._field(rule, holder, where)

    def _field(self, rule: Rule, holder: str, where: _Place) -> None:
        value = f"{holder}.{rule.attribute}"
        if isinstance(rule.shape, Text | Choice) and rule.bounds == _NO_BOUNDS:
            self._values(rule.values if rule.required or not rule.values else rule.values | {UNSET}, value, where)
            return
        name = self._name()
        with_value = f"{name} = {value}" if rule.required else f"if ({name} := {value}) is not UNSET:"
        start = self._begin(with_value, indent=not rule.required)
        if isinstance(rule.shape, Fraction):
            self._write(f"if type({name}) is not Decimal:")
            self._write(f"    {name} = decimal_in({holder}, {rule.attribute!r}, {name}, {', '.join(where)})")
        self._shape(rule.shape, rule.values, rule.bounds, name, where)
        self._end(start, indent=not rule.required)

    def _shape(self, shape: Shape, values: frozenset[str], bounds: Bounds, value: str, where: _Place) -> None:
        match shape:
            case Array(item):
                limits = bounds.min_items, bounds.max_items
                self._limits(f"len({value})", limits, "OCCURRENCE", _ARRAY_LIMITS, where)
                name = self._name()
                start = self._begin(f"for {name} in {value}:", indent=True)
                self._shape(item, values, bounds, name, (*where, value, name))
                self._end(start, indent=True)
            case Nested(struct):
                self.struct(struct, value, where)
            case Anything():
                self._write(f"check_anything({value}, {_path(where)})")
            case Text() | Choice():
                self._values(values, value, where)
                limits = bounds.min_length, bounds.max_length
                self._limits(f"len({value})", limits, "PROPERTY", _TEXT_LIMITS, where)
            case Moment():
                # Only there it can be out of range, and it is hardly ever there.
                condition = f"not 1 < {value}.year < 9999 and not is_in_range({value})"
                self._refuse_if(condition, "PROPERTY", OUT_OF_TIME, where)
            case Whole():
                self._limits(value, (bounds.minimum, bounds.maximum), "PROPERTY", _NUMBER_LIMITS, where)
            case Fraction():
                self._fraction(shape, bounds, value, where)

    def _values(self, values: frozenset[Any], value: str, where: _Place) -> None:
        if values:
            reason = "not one of the values allowed"
            self._refuse_if(f"{value} not in {self._constant(values)}", "PROPERTY", reason, where)

    def _fraction(self, shape: Fraction, bounds: Bounds, value: str, where: _Place) -> None:
        self._limits(value, (shape.minimum, shape.maximum), "PROPERTY", _NUMBER_LIMITS, where)
        self._limits(value, (bounds.minimum, bounds.maximum), "PROPERTY", _NUMBER_LIMITS, where)
        if shape.multiple_of is not None:
            reason = f"not a multiple of {shape.multiple_of}"
            step = self._constant(shape.multiple_of)
            self._refuse_if(f"not is_multiple({value}, {step})", "PROPERTY", reason, where)
        if bounds.integral:
            reason = f"not an integer, as OCPP {self._version.name} has it"
            self._refuse_if(f"{value} != {value}.to_integral_value()", "TYPE", reason, where)

    def _limits(
        self,
        subject: str,
        limits: tuple[int | Decimal | None, int | Decimal | None],
        code: str,
        reasons: tuple[str, str],
        where: _Place,
    ) -> None:
        for limit, sign, reason in zip(limits, "<>", reasons, strict=True):
            if limit is not None:
                self._refuse_if(f"{subject} {sign} {self._constant(limit)}", code, reason.format(limit), where)

    def _refuse_if(self, condition: str, code: str, reason: str, where: _Place) -> None:
        self._write(f"if {condition}:")
        self._write(f"    raise PayloadFault({code}, {reason!r}, {_path(where)})")

    def _constant(self, value: object) -> str:
        if isinstance(value, int):
            return repr(value)
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _begin(self, line: str, *, indent: bool) -> int:
        self._write(line)
        self._indent += indent
        return len(self.lines)

    def _end(self, start: int, *, indent: bool) -> None:
        """Close what `_begin` opened, or take it back when nothing stands in it."""
        self._indent -= indent
        if len(self.lines) == start:
            self.lines.pop()

    def _write(self, line: str) -> None:
        self.lines.append("    " * self._indent + line)


def _path(where: _Place) -> str:
    return f"joined({', '.join(where)})"
