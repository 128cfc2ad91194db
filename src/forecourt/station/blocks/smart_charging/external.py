"""Limits that somebody else than the management system sets: followed at once, and told (K11, K12, K13)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from forecourt.charging.ids import STATION
from forecourt.charging.profiles import Criteria, Profiles
from forecourt.charging.schedule import Installed, Kind, Period, Profile, Purpose, Schedule
from forecourt.station import events
from forecourt.station.blocks.smart_charging.limiting import apply
from forecourt.station.blocks.smart_charging.model import (
    CONTROLLER,
    EXTERNAL_ID,
    Charging,
    LimitCleared,
    LimitSet,
    facts,
)
from forecourt.station.blocks.smart_charging.store import adopt
from forecourt.station.core import Station


def on_restricted(station: Station, event: events.Restricted) -> None:
    """A new limit for the station, in place of the one before, or none any more. Ignored where none is to be heeded."""
    part = station.part(Charging)
    if event.limit is None:
        adopt(station, Profiles(tuple(one for one in part.profiles.installed if one.profile.profile_id != EXTERNAL_ID)))
    elif station.model.flag(CONTROLLER, "ExternalControlSignalsEnabled"):
        schedule = Schedule(
            schedule_id=1,
            unit=event.limit.unit,
            start=station.now(),
            periods=(Period(start_s=0, limit=event.limit.limit),),
        )
        profile = Profile(
            profile_id=EXTERNAL_ID,
            stack_level=0,
            purpose=Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS,
            kind=Kind.ABSOLUTE,
            schedules=(schedule,),
        )
        known = facts(station, needs_transaction_id=False)
        # However many profiles there are, this one has to be heeded.
        known = replace(known, capabilities=replace(known.capabilities, most_profiles=None))
        new = Installed(profile=profile, evse_id=STATION, source=event.source)
        adopt(station, part.profiles.install(new, known, now=station.now(), from_csms=False).profiles)
    apply(station, changed=True)
    tell(station)


def tell(station: Station) -> None:
    """Tell what has changed by more than LimitChangeSignificance since it was last told; while offline, afterwards."""
    if not station.online:
        return
    part = station.part(Charging)
    found = part.profiles.matching(Criteria(profile_ids=frozenset({EXTERNAL_ID})))
    now = found[0] if found else None
    if part.told is not None and now is None:
        station.say(LimitCleared(evse_id=STATION, source=part.told.source))
    elif now is not None and (part.told is None or _differs(station, part.told, now)):
        station.say(LimitSet(evse_id=STATION, source=now.source, schedule=_told(station, now)))
    elif now is not None:
        return
    part.told = now


def _told(station: Station, one: Installed) -> Schedule | None:
    """K11.FR.03."""
    return one.profile.schedules[0] if station.model.flag(CONTROLLER, "NotifyChargingLimitWithSchedules") else None


def _differs(station: Station, old: Installed, new: Installed) -> bool:
    """K11.FR.02."""
    (before,), (after,) = old.profile.schedules, new.profile.schedules
    was, now = before.periods[0].limit or Decimal(0), after.periods[0].limit or Decimal(0)
    significant = Decimal(station.model.text(CONTROLLER, "LimitChangeSignificance"))
    return before.unit is not after.unit or old.source != new.source or abs(now - was) * 100 > significant * was
