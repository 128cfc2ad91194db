"""What vehicles that can talk say they need, and which schedule they follow then (K15 to K17)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from forecourt.charging.composite import Options, composite
from forecourt.charging.schedule import Profile, Purpose, Schedule
from forecourt.charging.timing import SECOND_US, Window, spans
from forecourt.station import events
from forecourt.station.blocks.smart_charging.limiting import HORIZON_S, counting, feed_of, situation_of
from forecourt.station.blocks.smart_charging.model import CONTROLLER, Charging, NeedsTold, ScheduleTaken
from forecourt.station.core import Station
from forecourt.station.state import Bay


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


def forget(station: Station, bay: Bay) -> None:
    """The session is over."""
    part = station.part(Charging)
    if bay.evse_id in part.needs:
        part.needs = MappingProxyType({evse_id: one for evse_id, one in part.needs.items() if evse_id != bay.evse_id})


def follow(station: Station, profile: Profile, bay: Bay) -> None:
    """K15.FR.10, 19, K16.FR.02, 05: a profile has come for a vehicle that talks; it follows the first schedule of it, as far
    as other limits let it and as long as it lasts, and that is told."""
    if profile.purpose is not Purpose.TX or bay.transaction is None or bay.evse_id not in station.part(Charging).needs:
        return
    chosen = profile.schedules[0]
    window, situation = Window(station.now(), HORIZON_S), situation_of(station, bay)
    parts = spans(profile, window, situation)
    if not parts or parts[-1].end_us < SECOND_US:
        return
    window = Window(window.start, parts[-1].end_us // SECOND_US)
    found = composite(counting(station), feed_of(bay), window, situation, Options(unit=chosen.unit))
    schedule = Schedule(
        schedule_id=chosen.schedule_id, unit=found.unit, periods=found.periods, duration_s=found.duration_s
    )
    told = ScheduleTaken(evse_id=bay.evse_id, at=found.start, schedule=schedule)
    station.later(lambda: station.say(told) if station.online else None)
