"""What vehicles that can talk say they need, which schedules they are offered, and which they follow then (K15 to K20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from forecourt.charging.composite import Options, composite
from forecourt.charging.ids import EvseId
from forecourt.charging.schedule import Profile, Purpose, Schedule
from forecourt.charging.timing import SECOND_US, Situation, Window, spans
from forecourt.station import events
from forecourt.station.blocks.smart_charging.limiting import HORIZON_S, apply, counting, feed_of, situation_of
from forecourt.station.blocks.smart_charging.model import CONTROLLER, Charging, NeedsTold, Offered, ScheduleTaken
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.hardware.interface import Control
from forecourt.station.state import Bay

V = TypeVar("V")


def on_needed(station: Station, event: events.Needed) -> None:
    """K15.FR.01, K17.FR.01. Meanwhile the vehicle is offered what it may have without a profile of its own (K15.FR.15)."""
    if not station.model.flag(CONTROLLER, "Enabled"):
        return
    part = station.part(Charging)
    told = NeedsTold(evse_id=event.evse_id, needs=event.needs, at=station.now(), late=not station.online)
    part.needs = MappingProxyType({**part.needs, event.evse_id: told})
    if station.online:
        station.say(told)


def tell(station: Station) -> None:
    """K15.FR.20: what was needed while offline."""
    part = station.part(Charging)
    if not station.online or not any(told.late for told in part.needs.values()):
        return
    for told in part.needs.values():
        if told.late:
            station.say(told)
    part.needs = MappingProxyType({evse_id: replace(told, late=False) for evse_id, told in part.needs.items()})


def rejected(station: Station, told: NeedsTold) -> None:
    """K18.FR.23, K19.FR.16: the way in which the vehicle wants its energy is not for it."""
    bay = station.bays[told.evse_id]
    if bay.transaction is not None:
        transactions.interrupt(station, bay, "AbnormalCondition", "ReqEnergyTransferRejected")


def forget(station: Station, bay: Bay) -> None:
    """The session is over."""
    part = station.part(Charging)
    part.needs, part.offered = _without(part.needs, bay.evse_id), _without(part.offered, bay.evse_id)


def offer(station: Station, profile: Profile, bay: Bay) -> None:
    """K15.FR.22, K16.FR.02, 03, K18.FR.20: a profile has come for a vehicle that talks; it is offered the schedules, each as far as
    other limits let it and as long as it lasts. Until it has chosen, the first counts."""
    part = station.part(Charging)
    if profile.purpose is not Purpose.TX or bay.transaction is None or bay.evse_id not in part.needs:
        return
    part.offered = _without(part.offered, bay.evse_id)
    now, situation = station.now(), situation_of(station, bay)
    found = [
        _lasting(station, profile, bay, Window(now, HORIZON_S), replace(situation, schedule_index=index))
        for index in range(len(profile.schedules))
    ]
    if not found[0].periods:
        return
    offered = Offered(profile=profile, at=now, schedules=tuple(one for one in found if one.periods))
    part.offered = MappingProxyType({**part.offered, bay.evse_id: offered})
    station.later(lambda: station.hardware.propose(bay.evse_id, offered.schedules))


def on_scheduled(station: Station, event: events.Scheduled) -> None:
    """K15.FR.10, 19, K16.FR.05, 13, 14, K17.FR.16, 18: what the vehicle has chosen counts from now on, and is told with what it
    says it will take. Whom the management system controls (K19.FR.10) follows its schedule, whatever else he says."""
    part, bay = station.part(Charging), station.bays[event.evse_id]
    offered = part.offered.get(event.evse_id)
    index = None if offered is None else offered.index(event.schedule_id)
    if offered is None or index is None:
        return
    part.offered = MappingProxyType({**part.offered, event.evse_id: replace(offered, chosen=index)})
    apply(station)
    at, schedule = offered.at, next(one for one in offered.schedules if one.schedule_id == event.schedule_id)
    if part.needs[event.evse_id].needs.control is Control.DYNAMIC:
        schedule = offered.profile.schedules[index]
        at = schedule.start or bay.ready_at or at
    elif event.own is not None:
        at, schedule = station.now(), replace(event.own, schedule_id=event.schedule_id)
    if station.online:
        station.say(ScheduleTaken(evse_id=event.evse_id, at=at, schedule=schedule))


def _lasting(station: Station, profile: Profile, bay: Bay, window: Window, situation: Situation) -> Schedule:
    """One of the schedules as of now; without periods where nothing of it is left."""
    chosen = profile.schedules[situation.schedule_index]
    empty = Schedule(schedule_id=chosen.schedule_id, unit=chosen.unit, periods=())
    parts = spans(profile, window, situation)
    if not parts or parts[-1].end_us < SECOND_US:
        return empty
    window = Window(window.start, parts[-1].end_us // SECOND_US)
    found = composite(counting(station), feed_of(bay), window, situation, Options(unit=chosen.unit))
    return replace(empty, unit=found.unit, periods=found.periods, duration_s=found.duration_s)


def _without(known: Mapping[EvseId, V], evse_id: EvseId) -> Mapping[EvseId, V]:
    return MappingProxyType({at: one for at, one in known.items() if at != evse_id}) if evse_id in known else known
