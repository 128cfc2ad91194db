"""Following the profiles: what each EVSE may offer now, and when that is to be looked at again.

Each EVSE has the limit of its own composite schedule; where several charge at once, what limits the station as a whole is
divided among them (K04). A share is an offer to the vehicle, so nothing has to be measured to stay within the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from forecourt.charging.composite import Feed, Options, composite, station_composite
from forecourt.charging.ids import STATION, EvseId, TransactionId
from forecourt.charging.quantities import floored
from forecourt.charging.rates import Cap, Supply
from forecourt.charging.schedule import Installed, OperationMode, Period, Purpose, RateUnit
from forecourt.charging.sharing import Demand, shares
from forecourt.charging.timing import Situation, Window
from forecourt.station.blocks.smart_charging.model import CONTROLLER, Charging
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.device_model.zones import zone_of
from forecourt.station.state import LEAST_AC_A, Bay

HORIZON_S: Final = 86_400
"""How far ahead the next change is looked for; without one it is looked again then."""
SOC_EVERY_S: Final = 60
"""How often the state of charge is looked at while a limit depends on it."""
_PLACES: Final = 1
_OPTIONS: Final = Options(unit=RateUnit.A, places=_PLACES)


def counting(station: Station) -> list[Installed]:
    """The profiles that are to be followed. With smart charging disabled that is what others than the CSMS demand."""
    installed = station.part(Charging).profiles.installed
    if station.model.flag(CONTROLLER, "Enabled"):
        return list(installed)
    return [one for one in installed if one.profile.purpose is Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS]


def feed_of(bay: Bay) -> Feed:
    return Feed(evse_id=bay.evse_id, supply=bay.built.supply, cap=Cap(Decimal(bay.built.current_a), RateUnit.A))


def grid_of(station: Station) -> Feed:
    """The connection to the grid, with its fixed limit if it has one of its own (K04.FR.02)."""
    build = station.build
    ac = [evse for evse in build.evses if not evse.direct]
    supply = ac[0].supply if ac else Supply(Decimal(build.grid_voltage_v))
    if ac:
        supply = Supply(supply.voltage_v, max(evse.phases for evse in ac))
    cap = None if build.grid_a is None else Cap(Decimal(build.grid_a), RateUnit.A)
    return Feed(evse_id=STATION, supply=supply, cap=cap)


def situation_of(station: Station, bay: Bay) -> Situation:
    part = station.part(Charging)
    running = bay.transaction
    gone_s = station.timeline.monotonic() - station.offline_since
    soc = station.hardware.measure(bay.evse_id).soc_percent if _minds_soc(part) else None
    return Situation(
        transaction_id=None if running is None else TransactionId(running.id),
        ready_at=bay.ready_at,
        priority=bay.evse_id in part.priority,
        soc_percent=soc,
        offline_since=None if station.connected_now else station.now() - timedelta(seconds=gone_s),
        delays_s=part.delays_s.get(bay.evse_id, {}),
        schedule_index=part.offered[bay.evse_id].chosen if bay.evse_id in part.offered else 0,
        zone=zone_of(station.model.text("ClockCtrlr", "TimeZone"), station.model.text("ClockCtrlr", "TimeOffset")),
    )


def apply(station: Station, *, changed: bool = False) -> None:
    """Offer each vehicle what it may take now. `changed` says that somebody else's limit has (K11.FR.04, K13.FR.03)."""
    part = station.part(Charging)
    if part.timer is not None:
        part.timer.cancel()
        part.timer = None
    installed = counting(station)
    limited = any(bay.offer is not None or bay.mode is not OperationMode.CHARGING_ONLY for bay in station.bays.values())
    if not installed and not limited and station.build.grid_a is None:
        return
    external = changed or any(one.profile.purpose is Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS for one in installed)
    window = Window(station.now(), SOC_EVERY_S if _minds_soc(part) else HORIZON_S)
    grid = grid_of(station)
    whole = station_composite(installed, grid, [], window, _OPTIONS).periods
    moments = [period.start_s for period in whole[1:2]]
    allowed: dict[EvseId, Period] = {}
    for bay in station.bays.values():
        now, *later = composite(installed, feed_of(bay), window, situation_of(station, bay), _OPTIONS).periods
        allowed[bay.evse_id] = now
        moments += [period.start_s for period in later[:1]]
    for evse_id, current_a in _divided(station, grid, whole[0].limit, allowed).items():
        bay, period = station.bays[evse_id], allowed[evse_id]
        _offer(station, bay, current_a, period.number_phases, tell=external)
        _switch(station, bay, period.operation_mode)
    if installed:
        part.timer = station.after(min(moments, default=window.duration_s), lambda: apply(station))


def _divided(
    station: Station, grid: Feed, total_a: Decimal | None, allowed: Mapping[EvseId, Period]
) -> dict[EvseId, Decimal]:
    """What each EVSE may offer, in A per phase: those where energy may flow share what the station may draw, in the order
    in which they became ready."""
    offers = {evse_id: _wanted(station.bays[evse_id], period) for evse_id, period in allowed.items()}
    taking = sorted(
        (bay for bay in station.bays.values() if bay.closed),
        key=lambda bay: (bay.ready_at or station.now(), bay.evse_id),
    )
    if total_a is None or not taking:
        return offers
    at_grid = [_at_grid(bay, grid) for bay in taking]
    demands = [
        Demand(
            max(Fraction(0), Fraction(offers[bay.evse_id])) * factor,
            Fraction(0) if bay.built.direct else Fraction(LEAST_AC_A),
        )
        for bay, factor in zip(taking, at_grid, strict=True)
    ]
    for bay, factor, share in zip(taking, at_grid, shares(Fraction(total_a), demands), strict=True):
        # What a vehicle gives is not counted on: it may stop at any moment.
        if offers[bay.evse_id] >= 0:
            offers[bay.evse_id] = floored(share / factor, _PLACES)
    return offers


def _wanted(bay: Bay, period: Period) -> Decimal:
    """The limit, or the setpoint if there is one; what an EVSE cannot take back it does not ask for."""
    aim = period.setpoint if period.setpoint is not None else period.limit
    aim = aim or Decimal(0)
    return aim if bay.built.bidirectional else max(aim, Decimal(0))


def _at_grid(bay: Bay, grid: Feed) -> Fraction:
    """How many A on each phase of the grid connection one A of an EVSE is, at most."""
    if not bay.built.direct:
        return Fraction(1)
    return Fraction(bay.built.voltage_v) / (Fraction(grid.supply.voltage_v) * grid.supply.lines)


def _offer(station: Station, bay: Bay, current_a: Decimal, phases: int | None, *, tell: bool) -> None:
    full = (Decimal(bay.built.current_a), bay.built.phases)
    offer = (current_a, phases or bay.built.phases)
    before = bay.offer or full
    if offer == before:
        return
    bay.offer = None if offer == full else offer
    station.hardware.offer(bay.evse_id, *offer)
    old, new = before[0] * before[1], offer[0] * offer[1]
    significant = Decimal(station.model.text(CONTROLLER, "LimitChangeSignificance"))
    if tell and bay.transaction is not None and abs(new - old) * 100 > significant * old:
        transactions.mention(station, bay, "ChargingRateChanged")


def _switch(station: Station, bay: Bay, mode: OperationMode) -> None:
    """Q03, K01.FR.110: a change of how a transaction charges is told."""
    if mode is not bay.mode:
        bay.mode = mode
        if bay.transaction is not None:
            transactions.mention(station, bay, "OperationModeChanged")


def _minds_soc(part: Charging) -> bool:
    return any(
        schedule.limit_at_soc is not None for one in part.profiles.installed for schedule in one.profile.schedules
    )
