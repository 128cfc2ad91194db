"""From sampled values in a station's words to readings as they are kept, in a few microseconds.

`forecourt.charging.readings.read` is the rule. Ten thousand messages a second repeat the same few words with other
numbers, so what the words mean is found out once (`series`, by asking the rule about the number 1), and a plain number
then only moves its decimal point. Whatever is not plain goes to the rule itself, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec

from forecourt.charging.energy import ENERGY
from forecourt.charging.measurands import (
    DEFAULT_MEASURAND,
    EXPORT_REGISTER,
    IMPORT_REGISTER,
    MEASURANDS,
    Unit,
)
from forecourt.charging.readings import Context, Location, Phase, Problem, Reading, Sample, SignedValue, read

_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)
_PLAIN: Final = Decimal(10) ** 9
_PLAIN_LENGTH: Final = 15
"""A number of so many characters at most, without exponent, breaks none of the rule's limits on digits and size."""

_SOME_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_WORDS: Final = 4096
_REGISTERS: Final = frozenset({IMPORT_REGISTER, EXPORT_REGISTER})
_PASSING: Final = frozenset({Context.SAMPLE_PERIODIC, Context.SAMPLE_CLOCK, Context.TRIGGER, Context.OTHER})
_RAW_LENGTH: Final = 500
"""Of a value that is no number so much is kept; the message log has all of it."""


class Series(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a row of numbers is about. There is one object per meaning, so they are compared by identity.

    `factor`, a power of ten, moves the decimal point of what came (None: it stays); a plain number between `least` and
    `most` is then the reading. `head` is how a stored value of it begins, up to the number.
    """

    measurand: str
    phase: Phase | None
    location: Location
    context: Context
    factor: Decimal | None
    least: Decimal
    most: Decimal
    head: str
    energy: bool
    """Whether the energy of a transaction is counted from it."""
    passing: bool
    """Whether a later reading stands for this one too: a register on its way, not at the begin or the end."""

    def reading(self, at: datetime, value: Decimal) -> Reading:
        return Reading(
            at=at,
            measurand=self.measurand,
            value=value,
            phase=self.phase,
            location=self.location,
            context=self.context,
        )


@lru_cache(maxsize=_MOST_WORDS)
def meant(measurand: str, phase: Phase | None, location: Location, context: Context, exponent: int = 0) -> Series:
    """The series with this meaning."""
    words: dict[str, str] = {"measurand": measurand}
    if phase is not None:
        words["phase"] = phase.value
    if location is not Location.OUTLET:
        words["location"] = location.value
    if context is not Context.SAMPLE_PERIODIC:
        words["context"] = context.value
    known = MEASURANDS[measurand]
    return Series(
        measurand,
        phase,
        location,
        context,
        Decimal(10) ** exponent if exponent else None,
        -_PLAIN if known.signed else _ZERO,
        _HUNDRED if known.unit is Unit.PERCENT else _PLAIN,
        msgspec.json.encode(words).decode()[:-1] + ',"value":',
        measurand in ENERGY,
        measurand in _REGISTERS and context in _PASSING,
    )


@lru_cache(maxsize=_MOST_WORDS)
def series(
    measurand: str | None,
    unit: str | None,
    multiplier: int | None,
    phase: str | None,
    location: str | None,
    context: str | None,
) -> Series | None:
    """What these words mean, where plain numbers need no more than their decimal point moved; None where they may.

    Anything false stands for an absent word, so that a dialect hands over what it has.
    """
    probe = read(
        Sample(
            value=_ONE,
            measurand=measurand or None,
            unit=unit or None,
            multiplier=multiplier or 0,
            phase=phase or None,
            location=location or None,
            context=context or None,
        ),
        _SOME_TIME,
    )
    if isinstance(probe, Problem):
        return None
    if probe.value.as_tuple().digits != (1,):
        return None  # kelvin, for instance: more than the point moves
    return meant(probe.measurand, probe.phase, probe.location, probe.context, probe.value.adjusted())


Taken = tuple[Series, Decimal]


class Signed(msgspec.Struct, frozen=True, gc=False):
    """A signed value, and what it belongs to in the words of the wire."""

    value: SignedValue
    measurand: str
    context: str
    phase: str
    location: str


class Metered(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a meter said at one moment: the numbers that can be used, and everything as it is stored."""

    at: datetime
    taken: tuple[Taken, ...]
    energy: bool
    """Whether the energy of a transaction is counted from any of it."""
    sampled: str
    """The values as JSON: a list of objects with measurand and value, and phase, location, context where they are not the
    usual ones; what is no reading has `problem` and `raw` in place of the value."""
    signed: tuple[Signed, ...] = ()

    def readings(self, wanted: Callable[[Series], bool] | None = None) -> list[Reading]:
        """The readings, or those of the series that are wanted."""
        return [one.reading(self.at, value) for one, value in self.taken if wanted is None or wanted(one)]


class Gathering:
    """Makes a `Metered` of the sampled values of one moment, value by value."""

    __slots__ = ("_at", "_energy", "_signed", "_taken", "_texts")

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._taken: list[Taken] = []
        self._texts: list[str] = []
        self._signed: list[Signed] = []
        self._energy = False

    def add(
        self,
        value: Decimal,
        measurand: str | None,
        unit: str | None,
        multiplier: int | None,
        phase: str | None,
        location: str | None,
        context: str | None,
    ) -> None:
        """One number. The words may be anything false where the wire has none."""
        found = series(measurand, unit, multiplier, phase, location, context)
        if found is not None:
            # Not scaleb, which writes 7.2 kW as 7.2E+3. What the product would round is too long to be plain.
            moved = value if found.factor is None else value * found.factor
            text = str(moved)
            if len(text) <= _PLAIN_LENGTH and found.least <= moved <= found.most and "E" not in text:
                self._take(found, moved, text)
                return
        self._add_slowly(
            Sample(
                value=value,
                measurand=measurand or None,
                unit=unit or None,
                multiplier=multiplier or 0,
                phase=phase or None,
                location=location or None,
                context=context or None,
            )
        )

    def add_signed(self, value: SignedValue, sample: Sample) -> None:
        """A signed value, with the number it goes with or without one. Kept as the bytes it came in (J02.FR.21)."""
        self._signed.append(
            Signed(
                value,
                sample.measurand or DEFAULT_MEASURAND,
                sample.context or Context.SAMPLE_PERIODIC.value,
                sample.phase or "",
                sample.location or Location.OUTLET.value,
            )
        )
        if sample.value is not None:
            self._add_slowly(sample)

    def add_unreadable(self, raw: str, problem: Problem, sample: Sample) -> None:
        """What is no number at all. It takes no part in any figure and is shown as it came."""
        words: dict[str, Any] = {
            "measurand": sample.measurand or DEFAULT_MEASURAND,
            "unit": sample.unit,
            "phase": sample.phase,
            "location": sample.location,
            "context": sample.context,
            "problem": problem.name,
            "raw": raw[:_RAW_LENGTH],
        }
        kept = {name: word for name, word in words.items() if word is not None}
        self._texts.append(msgspec.json.encode(kept).decode())

    def metered(self) -> Metered:
        return Metered(
            self._at, tuple(self._taken), self._energy, "[" + ",".join(self._texts) + "]", tuple(self._signed)
        )

    def _add_slowly(self, sample: Sample) -> None:
        reading = read(sample, self._at)
        if isinstance(reading, Problem):
            self.add_unreadable(str(sample.value), reading, sample)
            return
        found = meant(reading.measurand, reading.phase, reading.location, reading.context)
        self._take(found, reading.value, f"{reading.value:f}")

    def _take(self, found: Series, value: Decimal, text: str) -> None:
        self._taken.append((found, value))
        self._texts.append(found.head + text + "}")
        if found.energy:
            self._energy = True


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """A stored value. Those that are no readings have no number."""

    measurand: str
    value: Decimal | None = None
    phase: Phase | None = None
    location: Location = Location.OUTLET
    context: Context = Context.SAMPLE_PERIODIC
    problem: str = ""


_KEPT: Final = msgspec.json.Decoder(list[_Kept])


def readings_of(at: datetime, sampled: str) -> list[Reading]:
    """The readings in a stored `Metered.sampled`."""
    # What has a problem may have a word for its phase that is none of ours, so it is sorted out before.
    return [
        meant(kept.measurand, kept.phase, kept.location, kept.context).reading(at, kept.value)
        for kept in _kept(sampled)
        if kept.value is not None
    ]


def _kept(sampled: str) -> Sequence[_Kept]:
    try:
        return _KEPT.decode(sampled)
    except msgspec.ValidationError:
        fine = [one for one in msgspec.json.decode(sampled, type=list[msgspec.Raw]) if b'"problem"' not in bytes(one)]
        return [msgspec.json.decode(one, type=_Kept) for one in fine]
