"""A reading in one unit and one set of words, whatever the station sent, and what several phases amount to.

A dialect makes a `Sample` of each sampled value, `read` makes a `Reading` of it or says what stands against that. A
sample that cannot be read is still worth storing; it takes no part in any figure. Signed values are kept as the bytes
that came, never parsed here. How registers become energy is in `registers` and `energy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from forecourt.charging.measurands import CONVERSIONS, DEFAULT_MEASURAND, MEASURANDS, Conversion, Unit

MOST_DIGITS = 28
LARGEST_EXPONENT = 18
LARGEST_VALUE = Decimal(10) ** 15
INEXACT_PLACES = Decimal("0.001")


class Phase(StrEnum):
    """PhaseEnumType. A reading without phase is an overall value."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    N = "N"
    L1_N = "L1-N"
    L2_N = "L2-N"
    L3_N = "L3-N"
    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L1 = "L3-L1"


LINES = MappingProxyType(
    {
        Phase.L1: Phase.L1,
        Phase.L1_N: Phase.L1,
        Phase.L2: Phase.L2,
        Phase.L2_N: Phase.L2,
        Phase.L3: Phase.L3,
        Phase.L3_N: Phase.L3,
    }
)
"""Which line conductor a phase is about; N and the voltages between lines are about none."""


class Location(StrEnum):
    """LocationEnumType; Outlet is the default."""

    BODY = "Body"
    CABLE = "Cable"
    EV = "EV"
    INLET = "Inlet"
    OUTLET = "Outlet"
    UPSTREAM = "Upstream"


class Context(StrEnum):
    """ReadingContextEnumType; Sample.Periodic is the default."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    OTHER = "Other"
    SAMPLE_CLOCK = "Sample.Clock"
    SAMPLE_PERIODIC = "Sample.Periodic"
    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    TRIGGER = "Trigger"


@dataclass(frozen=True, slots=True)
class SignedValue:
    """A signed meter value byte for byte as it came (J02.FR.21; SignedData of 1.6), with what was said about it."""

    data: bytes
    encoding: str = ""
    method: str = ""
    public_key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sampled value in the words of the wire.

    None where the wire says nothing. `value` is None if it is signed data only.
    """

    value: Decimal | None
    measurand: str | None = None
    unit: str | None = None
    multiplier: int = 0
    phase: str | None = None
    location: str | None = None
    context: str | None = None
    signed: SignedValue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value in the unit that `MEASURANDS` says for its measurand."""

    at: datetime
    measurand: str
    value: Decimal
    phase: Phase | None = None
    location: Location = Location.OUTLET
    context: Context = Context.SAMPLE_PERIODIC
    signed: SignedValue | None = None


class Problem(Enum):
    """Why a sample is no reading."""

    NO_NUMBER = auto()
    NUMBER_OUT_OF_RANGE = auto()
    NEGATIVE = auto()
    """Measurands with a direction have no negative values (2.1, MeasurandEnumType, note 4)."""
    UNKNOWN_MEASURAND = auto()
    UNKNOWN_UNIT = auto()
    UNIT_OF_ANOTHER_KIND = auto()
    UNKNOWN_PHASE = auto()
    UNKNOWN_LOCATION = auto()


def read(sample: Sample, at: datetime) -> Reading | Problem:
    """The reading that `sample`, taken at `at`, stands for.

    A missing unit is the one we keep the measurand in: of "Wh if the measurand is an energy" every other measurand is
    the silent sibling. A unit of another kind (Wh for a voltage) is never guessed around. A phase at a measurand that
    has none (stations send frequency per phase) is left out; an unknown context is Other.
    """
    if sample.value is None:
        return Problem.NO_NUMBER
    measurand = MEASURANDS.get(sample.measurand or DEFAULT_MEASURAND)
    if measurand is None:
        return Problem.UNKNOWN_MEASURAND
    conversion = CONVERSIONS.get(sample.unit.casefold()) if sample.unit else Conversion(measurand.unit)
    if conversion is None:
        return Problem.UNKNOWN_UNIT
    if conversion.unit is not measurand.unit:
        return Problem.UNIT_OF_ANOTHER_KIND
    value = _converted(sample.value, conversion, sample.multiplier)
    if value is None or (measurand.unit is Unit.PERCENT and value > 100):
        return Problem.NUMBER_OUT_OF_RANGE
    if value < 0 and not measurand.signed:
        return Problem.NEGATIVE
    try:
        phase = Phase(sample.phase) if sample.phase and measurand.per_phase else None
    except ValueError:
        return Problem.UNKNOWN_PHASE
    try:
        location = Location(sample.location) if sample.location else Location.OUTLET
    except ValueError:
        return Problem.UNKNOWN_LOCATION
    return Reading(
        at=at,
        measurand=measurand.name,
        value=value,
        phase=phase,
        location=location,
        context=_context(sample.context),
        signed=sample.signed,
    )


def _converted(value: Decimal, conversion: Conversion, multiplier: int) -> Decimal | None:
    """`value` in the unit of the conversion; None for what no meter says (NaN, 1e9999, a hundred digits)."""
    if not value.is_finite() or len(value.as_tuple().digits) > MOST_DIGITS or abs(multiplier) > LARGEST_EXPONENT:
        return None
    exponent = multiplier + conversion.exponent
    if not value:
        moved = Decimal(0)  # 0E+9999 is a number with ten thousand digits as soon as somebody prints it
    elif abs(value.adjusted() + exponent) > LARGEST_EXPONENT:
        return None
    else:
        moved = value.scaleb(exponent)
    if not conversion.exact:
        moved = ((moved + conversion.shift) * conversion.factor).quantize(INEXACT_PLACES)
    return moved if abs(moved) < LARGEST_VALUE else None


def _context(word: str | None) -> Context:
    if not word:
        return Context.SAMPLE_PERIODIC
    try:
        return Context(word)
    except ValueError:
        return Context.OTHER


class How(Enum):
    """How several phases became one value."""

    GIVEN = auto()
    """The station sent an overall value."""
    SUMMED = auto()
    """Power and energy: the lines added up."""
    HIGHEST = auto()
    """Current: the line that carries most."""
    AVERAGED = auto()
    """Voltage and power factor: the mean of the lines."""


_ADD_UP = frozenset(
    {Unit.WATT, Unit.VAR, Unit.VOLT_AMPERE, Unit.WATT_HOUR, Unit.VAR_HOUR, Unit.VOLT_AMPERE_HOUR}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Overall:
    """`lines` are those it was made of; none when it was given."""

    value: Decimal
    how: How
    lines: frozenset[Phase] = frozenset()


def overall(readings: Iterable[Reading]) -> Overall | None:
    """What readings of one measurand, location and moment amount to over all phases; None if none is about a line.

    A value the station gave as overall wins over any sum of ours. Between L1 and L1-N of the same line the first
    counts.
    """
    by_line: dict[Phase, Decimal] = {}
    unit = Unit.NONE
    for reading in readings:
        if reading.phase is None:
            return Overall(reading.value, How.GIVEN)
        unit = MEASURANDS[reading.measurand].unit
        line = LINES.get(reading.phase)
        if line is not None:
            by_line.setdefault(line, reading.value)
    if not by_line:
        return None
    values: Sequence[Decimal] = list(by_line.values())
    if unit in _ADD_UP:
        value, how = sum(values, Decimal(0)), How.SUMMED
    elif unit is Unit.AMPERE:
        value, how = max(values), How.HIGHEST
    else:
        value, how = sum(values, Decimal(0)) / len(values), How.AVERAGED
    return Overall(value, how, frozenset(by_line))
