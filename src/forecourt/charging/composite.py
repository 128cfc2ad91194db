"""What all installed profiles together allow, over a window of time (K08, SC.01).

At each moment the leading period of each purpose is that of the highest stack level whose profile is valid and has a
period then (K01.FR.17, K08.FR.04); the lowest among the purposes counts. TxProfile overrules TxDefaultProfile
(K02.FR.04) and gives way to it where its schedule ends (K02.FR.08); activated PriorityCharging overrules both
(K21.FR.04); LocalGeneration comes on top (K27, SC.01); what hardware can take is never exceeded. Profiles of EVSE 0
with purpose TxDefaultProfile, PriorityCharging and LocalGeneration are in one stack with those of the EVSE, which come
first at the same level; external constraints of station and EVSE limit independently.

The result is in whole seconds, rounded towards less on both axes: at no instant is it above any limit that applies.
Setpoints of the management system are told with the limits of an EVSE, and capped by them (K08.FR.08); the station as a
whole has none. Periods without a limit (external setpoints) limit nothing but still hide lower stacks. What the vehicle
asks for (SC.04) is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from forecourt.charging.ids import STATION, EvseId
from forecourt.charging.quantities import floored
from forecourt.charging.rates import Allowance, Cap, Supply, allowance, capacity, unlimited
from forecourt.charging.schedule import Installed, Period, Purpose, RateUnit, Schedule
from forecourt.charging.timing import NO_TRANSACTION, SECOND_US, Situation, Span, Window, spans, validity


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An EVSE, or for EVSE 0 the grid connection: how it is fed and what it can take at most, if that is known."""

    evse_id: EvseId
    supply: Supply
    cap: Cap | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to combine and how to say it.

    `tx_profile_hides_default`: 1.6 has a TxProfile overrule the TxDefaultProfile for the duration of the transaction,
    also when its schedule has ended (3.13.1), as long as it is valid. `places` after the point: 1.6 takes one.
    """

    unit: RateUnit
    tx_profile_hides_default: bool = False
    places: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """CompositeSchedule. A limit of None says that nothing is known to limit the EVSE."""

    evse_id: EvseId
    start: datetime
    duration_s: int
    unit: RateUnit
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """From `begin` until `end` (microseconds, later whole seconds) this is allowed."""

    begin: int
    end: int
    allowed: Allowance


def composite(
    installed: Iterable[Installed], feed: Feed, window: Window, situation: Situation, options: Options
) -> Composite:
    """The composite schedule of one EVSE; for EVSE 0 see `station_composite`.

    The order of `installed` does not matter. Without a transaction it is what one starting now would get from the
    default profiles (K08.FR.06).
    """
    cells = _in_seconds(_evse_cells(list(installed), feed, window, situation, options))
    periods = [_period(cell, _value(cell.allowed, feed.supply, options), feed, options) for cell in cells]
    return _result(feed, window, options, periods)


def station_composite(
    installed: Iterable[Installed],
    grid: Feed,
    evses: Sequence[tuple[Feed, Situation]],
    window: Window,
    options: Options,
) -> Composite:
    """What the whole station may draw from its grid connection (K08.FR.03): all EVSEs together, within what limits EVSE
    0.

    In A, currents of AC EVSEs add up as if they were on the same phase, which is the most it can be; DC counts by its
    power.
    """
    every = list(installed)
    timelines = [_in_seconds(_station_cells(every, grid, window))]
    timelines += [_in_seconds(_evse_cells(every, feed, window, situation, options)) for feed, situation in evses]
    periods = []
    for begin in sorted({cell.begin for timeline in timelines for cell in timeline}):
        of_station, *of_evses = [next(cell for cell in one if cell.begin <= begin < cell.end) for one in timelines]
        drawn = [
            _at_grid(cell.allowed, feed.supply, grid.supply, options)
            for cell, (feed, _) in zip(of_evses, evses, strict=True)
        ]
        values = [_value(of_station.allowed, grid.supply, options)]
        if drawn and None not in drawn:
            values.append(sum((value for value in drawn if value is not None), Fraction(0)))
        lowest = min((value for value in values if value is not None), default=None)
        periods.append(_period(replace(of_station, begin=begin), lowest, grid, options))
    return _result(grid, window, options, periods)


Measure = Callable[[Schedule, Period, Supply, Decimal | None], Allowance]


class _Stack:
    """Profiles of which one leads at a time. Ask for moments in ascending order only."""

    def __init__(self, members: Iterable[Installed], feed: Feed, window: Window, situation: Situation) -> None:
        ranked = sorted(members, key=_rank, reverse=True)
        self._timelines = [spans(one.profile, window, situation) for one in ranked]
        self._positions = [0] * len(ranked)
        self._feed, self._situation = feed, situation
        self.valid = [validity(one.profile, window, situation) for one in ranked]

    @property
    def moments(self) -> set[int]:
        return {at for timeline in self._timelines for span in timeline for at in (span.begin_us, span.end_us)}

    def leading(self, at_us: int, measure: Measure = allowance) -> Allowance | None:
        for index, timeline in enumerate(self._timelines):
            if (span := self._running(index, timeline, at_us)) is not None:
                return measure(span.schedule, span.period, self._feed.supply, self._situation.soc_percent)
        return None

    def _running(self, index: int, timeline: list[Span], at_us: int) -> Span | None:
        position = self._positions[index]
        while position < len(timeline) and timeline[position].end_us <= at_us:
            position += 1
        self._positions[index] = position
        if position < len(timeline) and timeline[position].begin_us <= at_us:
            return timeline[position]
        return None


def _rank(one: Installed) -> tuple[int, bool, int]:
    """Stack level first; at the same level that of the EVSE before that of the station (1.6 3.13.1)."""
    return one.profile.stack_level, one.evse_id != STATION, one.profile.profile_id


def _evse_cells(
    installed: list[Installed], feed: Feed, window: Window, situation: Situation, options: Options
) -> list[_Cell]:
    def stack(purpose: Purpose, *evse_ids: EvseId) -> _Stack:
        members = [one for one in installed if one.profile.purpose is purpose and one.evse_id in evse_ids]
        if purpose is Purpose.TX:
            members = [one for one in members if _concerns(one, situation)]
        return _Stack(members, feed, window, situation)

    here = feed.evse_id
    always = [
        stack(Purpose.CHARGING_STATION_MAX, STATION),
        stack(Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS, STATION),
        stack(Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS, here),
    ]
    priority, of_transaction = stack(Purpose.PRIORITY_CHARGING, STATION, here), stack(Purpose.TX, here)
    default, generation = stack(Purpose.TX_DEFAULT, STATION, here), stack(Purpose.LOCAL_GENERATION, STATION, here)
    hidden = of_transaction.valid if options.tx_profile_hides_default else []

    def chosen(at_us: int) -> Allowance | None:
        """What rules the transaction: one of PriorityCharging, TxProfile and TxDefaultProfile."""
        if situation.priority and (allowed := priority.leading(at_us)) is not None:
            return allowed
        if (allowed := of_transaction.leading(at_us)) is not None:
            return allowed
        if any(begin_us <= at_us < end_us for begin_us, end_us in hidden):
            return None
        return default.leading(at_us)

    moments = {at_us for pair in hidden for at_us in pair}
    for one in (*always, priority, of_transaction, default, generation):
        moments |= one.moments
    return _swept(moments, window, feed, [*(one.leading for one in always), chosen], generation)


def _concerns(one: Installed, situation: Situation) -> bool:
    """A TxProfile is for its transaction, or, sent along with a remote start, for the one that began then (K05)."""
    running = situation.transaction_id
    return running is not None and one.profile.transaction_id in (None, running)


def _station_cells(installed: list[Installed], grid: Feed, window: Window) -> list[_Cell]:
    """What limits EVSE 0 by itself (K04.FR.05)."""

    def stack(purpose: Purpose) -> _Stack:
        members = [one for one in installed if one.profile.purpose is purpose and one.evse_id == STATION]
        return _Stack(members, grid, window, NO_TRANSACTION)

    limits = [stack(Purpose.CHARGING_STATION_MAX), stack(Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS)]
    generation = stack(Purpose.LOCAL_GENERATION)
    moments = generation.moments.union(*(one.moments for one in limits))
    return _swept(moments, window, grid, [one.leading for one in limits], generation)


def _swept(
    moments: set[int],
    window: Window,
    feed: Feed,
    limits: Sequence[Callable[[int], Allowance | None]],
    generation: _Stack,
) -> list[_Cell]:
    """One cell between any two moments at which anything changes."""
    inside = sorted({0} | {at_us for at_us in moments if 0 < at_us < window.end_us})
    cells = []
    for begin_us, end_us in zip(inside, [*inside[1:], window.end_us], strict=True):
        allowed = unlimited(feed.supply)
        for limit in limits:
            if (lower := limit(begin_us)) is not None:
                allowed = allowed.within(lower)
        if (more := generation.leading(begin_us, capacity)) is not None:
            allowed = allowed.plus(more)
        if feed.cap is not None:
            allowed = allowed.within(feed.cap.allowance(feed.supply))
        cells.append(_Cell(begin_us, end_us, allowed))
    return cells


def _in_seconds(cells: list[_Cell]) -> list[_Cell]:
    """The cells in whole seconds. A second in which something changes has the lowest of what is allowed in it."""
    whole: list[_Cell] = []
    for cell in cells:
        begin, end, allowed = cell.begin // SECOND_US, -(-cell.end // SECOND_US), cell.allowed
        if whole and whole[-1].end > begin:
            shared = whole.pop()
            if shared.begin < begin:
                whole.append(_Cell(shared.begin, begin, shared.allowed))
            whole.append(_Cell(begin, begin + 1, shared.allowed.within(allowed)))
            begin += 1
        if begin < end:
            whole.append(_Cell(begin, end, allowed))
    return whole


def _value(allowed: Allowance, supply: Supply, options: Options) -> Fraction | None:
    return allowed.per_phase_a if options.unit is RateUnit.A else allowed.power_w(supply)


def _at_grid(allowed: Allowance, supply: Supply, grid: Supply, options: Options) -> Fraction | None:
    """What an EVSE adds to the grid connection, in the unit asked for."""
    power_w = allowed.power_w(supply)
    if options.unit is RateUnit.W or power_w is None:
        return power_w
    if supply.direct:
        return power_w / (Fraction(grid.voltage_v) * grid.lines)
    return allowed.per_phase_a


def _period(cell: _Cell, value: Fraction | None, feed: Feed, options: Options) -> Period:
    phases = None if feed.supply.direct else cell.allowed.phases
    return Period(
        start_s=cell.begin,
        limit=None if value is None else floored(value, options.places),
        number_phases=phases,
        phase_to_use=cell.allowed.phase_to_use if phases == 1 else None,
        setpoint=_signed(cell.allowed.aim_a, cell.allowed, feed.supply, options),
        discharge_limit=_signed(cell.allowed.discharge_a, cell.allowed, feed.supply, options),
        operation_mode=cell.allowed.mode,
    )


def _signed(current_a: Fraction | None, allowed: Allowance, supply: Supply, options: Options) -> Decimal | None:
    """In the unit asked for, rounded towards zero."""
    if current_a is None:
        return None
    lines = 1 if options.unit is RateUnit.A else Fraction(supply.voltage_v) * allowed.phases
    return floored(abs(current_a) * lines, options.places).copy_sign(Decimal(current_a.numerator))


def _result(feed: Feed, window: Window, options: Options, periods: Iterable[Period]) -> Composite:
    """With neighbours that say the same made one."""
    told: list[Period] = []
    for period in periods:
        if not told or replace(period, start_s=told[-1].start_s) != told[-1]:
            told.append(period)
    return Composite(
        evse_id=feed.evse_id,
        start=window.start,
        duration_s=window.duration_s,
        unit=options.unit,
        periods=tuple(told),
    )
