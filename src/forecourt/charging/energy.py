"""The energy of a transaction, imported and exported, from everything a station says about it.

Feed an `EnergyAccount` as readings come; `figures` says at any time what they amount to and how. Where a station
reports the same energy in several ways, one source is taken, in this order: a register with at least two readings
before amounts per interval, before a register with one reading; at the outlet, then cable, body, inlet; an overall
value before a sum of phases, more phases before fewer. Where the begin is missing: the first reading; if that is the
only one and the transaction is over, the end of the transaction before (J02.FR.17). Where the end is missing: the last
reading.

Readings of location EV and Upstream and the net register take no part; power is not integrated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from forecourt.charging.measurands import EXPORT_INTERVAL, EXPORT_REGISTER, IMPORT_INTERVAL, IMPORT_REGISTER
from forecourt.charging.readings import Context, Location, Phase, Reading, overall
from forecourt.charging.registers import ZERO_WH, Bounds, Entry, Point, Register, Rule, Trail, noted

ENERGY = frozenset({IMPORT_REGISTER, IMPORT_INTERVAL, EXPORT_REGISTER, EXPORT_INTERVAL})
_LOCATIONS = (Location.OUTLET, Location.CABLE, Location.BODY, Location.INLET)


@dataclass(frozen=True, slots=True)
class Source:
    """Where and over which phases energy is measured; `context` tells interval readings of several rhythms apart."""

    location: Location
    lines: frozenset[Phase] = frozenset()
    context: Context | None = None

    @property
    def rank(self) -> tuple[int, int, str]:
        """The lower the better; phases count as a fourth, third, second choice to the overall value."""
        return _LOCATIONS.index(self.location), -len(self.lines) if self.lines else -4, self.context or ""

    def __str__(self) -> str:
        parts = [self.location.value, "+".join(sorted(self.lines)), self.context or ""]
        return " ".join(part for part in parts if part)


OUTLET = Source(Location.OUTLET)
"""What StartTransaction and StopTransaction of 1.6 say about the register."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Amounts per interval, added up. Only ever in order of time: an earlier or equal stamp changes nothing."""

    counted_wh: Decimal = ZERO_WH
    first_at: datetime | None = None
    last_at: datetime | None = None
    trail: Trail = ()

    def read(self, point: Point) -> Intervals:
        if self.last_at is not None and point.at <= self.last_at:
            rule = Rule.DUPLICATE_IGNORED if point.at == self.last_at else Rule.LATE_IGNORED
            return replace(self, trail=noted(self.trail, Entry(rule, point.at)))
        first_at = self.first_at or point.at
        return replace(self, counted_wh=self.counted_wh + point.wh, first_at=first_at, last_at=point.at)


@dataclass(frozen=True, slots=True)
class Meter:
    """Everything known about one direction."""

    registers: Mapping[Source, Register] = field(default_factory=dict)
    intervals: Mapping[Source, Intervals] = field(default_factory=dict)

    def began(self, source: Source, point: Point, bounds: Bounds) -> Meter:
        present = self.registers.get(source)
        return self._with(
            source, Register.opened(point, given=True) if present is None else present.begun(point, bounds)
        )

    def ended(self, source: Source, point: Point, bounds: Bounds) -> Meter:
        present = self.registers.get(source)
        if present is None:
            return self._with(source, replace(Register.opened(point, given=False), end_given=True))
        return self._with(source, present.ended(point, bounds))

    def went_on(self, source: Source, point: Point, bounds: Bounds) -> Meter:
        present = self.registers.get(source)
        return self._with(
            source, Register.opened(point, given=False) if present is None else present.read(point, bounds)
        )

    def _with(self, source: Source, register: Register) -> Meter:
        return replace(self, registers={**self.registers, source: register})

    def read(self, group: Sequence[Reading], bounds: Bounds) -> Meter:
        """Readings of one moment, measurand, location and context."""
        amount = overall(group)
        if amount is None:
            return self
        first = group[0]
        point = Point(first.at, amount.value)
        if first.measurand in (IMPORT_INTERVAL, EXPORT_INTERVAL):
            rhythm = Source(first.location, amount.lines, first.context)
            summed = self.intervals.get(rhythm, Intervals()).read(point)
            return replace(self, intervals={**self.intervals, rhythm: summed})
        source = Source(first.location, amount.lines)
        if first.context is Context.TRANSACTION_BEGIN:
            return self.began(source, point, bounds)
        if first.context is Context.TRANSACTION_END:
            return self.ended(source, point, bounds)
        return self.went_on(source, point, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Energy of one direction. None where it is unknown, which is not zero. The registers are as they were read."""

    energy_wh: Decimal | None
    begin: Point | None = None
    end: Point | None = None
    trail: Trail = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFigures:
    imported: Figure
    exported: Figure


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """The energy of one transaction as far as it has been reported."""

    imported: Meter = Meter()
    exported: Meter = Meter()

    def begun(self, at: datetime, register_wh: Decimal, bounds: Bounds) -> EnergyAccount:
        """meterStart of 1.6."""
        return replace(self, imported=self.imported.began(OUTLET, Point(at, register_wh), bounds))

    def ended(self, at: datetime, register_wh: Decimal, bounds: Bounds) -> EnergyAccount:
        """meterStop of 1.6."""
        return replace(self, imported=self.imported.ended(OUTLET, Point(at, register_wh), bounds))

    def read(self, readings: Iterable[Reading], bounds: Bounds) -> EnergyAccount:
        """All readings of one MeterValue, which have one time stamp (J02.FR.18).

        What is no active energy is passed over.
        """
        groups: dict[tuple[str, Location, Context], list[Reading]] = {}
        for reading in readings:
            if reading.measurand in ENERGY and reading.location in _LOCATIONS:
                groups.setdefault((reading.measurand, reading.location, reading.context), []).append(reading)
        imported, exported = self.imported, self.exported
        for (measurand, _, _), group in groups.items():
            if measurand in (IMPORT_REGISTER, IMPORT_INTERVAL):
                imported = imported.read(group, bounds)
            else:
                exported = exported.read(group, bounds)
        return EnergyAccount(imported, exported)

    def figures(self, bounds: Bounds, *, over: bool, preceding: Point | None = None) -> EnergyFigures:
        """What the readings amount to: so far, or finally if the transaction is `over`.

        `preceding` is the import register at the end of the transaction before on the same EVSE, if known.
        """
        return EnergyFigures(
            imported=_figure(self.imported, bounds, over=over, preceding=preceding),
            exported=_figure(self.exported, bounds, over=over, preceding=None),
        )


def recount(
    bounds: Bounds,
    meter_values: Iterable[Sequence[Reading]],
    *,
    begin: Point | None = None,
    end: Point | None = None,
) -> EnergyAccount:
    """The account of all readings together, in order of time: the same in whichever order they arrived."""
    account = EnergyAccount()
    if begin is not None:
        account = account.begun(begin.at, begin.wh, bounds)
    for values in sorted(filter(None, meter_values), key=_in_order):
        account = account.read(values, bounds)
    if end is not None:
        account = account.ended(end.at, end.wh, bounds)
    return account


def _in_order(values: Sequence[Reading]) -> tuple[datetime, list[tuple[str, str, str, str, Decimal]]]:
    """By time; the rest decides between meter values of one moment, so that their arrival does not."""
    rest = [(one.measurand, one.location, one.phase or "", one.context, one.value) for one in values]
    return min(one.at for one in values), sorted(rest)


def _figure(meter: Meter, bounds: Bounds, *, over: bool, preceding: Point | None) -> Figure:
    registers = sorted(meter.registers.items(), key=lambda item: (item[1].readings < 2, item[0].rank))
    if registers and (registers[0][1].readings >= 2 or not meter.intervals):
        source, register = registers[0]
        others = len(meter.registers) + len(meter.intervals) > 1
        chosen: Trail = (Entry(Rule.TAKEN_FROM, None, detail=str(source)),) if others else ()
        return _of_register(register.settled(bounds) if over else register, chosen, bounds, over, preceding)
    if meter.intervals:
        source, summed = min(meter.intervals.items(), key=lambda item: item[0].rank)
        how = Entry(Rule.INTERVALS_SUMMED, summed.first_at, detail=str(source), until=summed.last_at)
        return Figure(energy_wh=summed.counted_wh, trail=(how, *summed.trail))
    return Figure(energy_wh=None, trail=(Entry(Rule.NOTHING_REPORTED, None),))


def _of_register(register: Register, chosen: Trail, bounds: Bounds, over: bool, preceding: Point | None) -> Figure:
    begin, end = register.begin, register.last
    energy_wh: Decimal | None = register.counted_wh
    trail = (*chosen, *register.trail)
    known = register.readings >= 2 or (register.begin_given and register.end_given)
    if over and known and not register.end_given:
        trail = noted(trail, Entry(Rule.END_FROM_LAST_READING, end.at, end.wh))
    elif over and not known:
        if register.end_given and preceding is not None and bounds.follows(preceding, begin):
            energy_wh = max(begin.wh - preceding.wh, ZERO_WH)
            trail = noted(trail, Entry(Rule.BEGIN_FROM_PRECEDING, preceding.at, preceding.wh))
            begin = preceding
        else:
            energy_wh = None
            missing = Rule.BEGIN_MISSING if register.end_given else Rule.END_MISSING
            trail = noted(trail, Entry(missing, begin.at, begin.wh))
    return Figure(energy_wh=energy_wh, begin=begin, end=end, trail=trail)
