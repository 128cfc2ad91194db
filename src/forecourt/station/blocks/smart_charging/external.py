"""Limits that somebody else than the management system sets, and what is generated locally: followed and told (K11 to K13, K27)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from forecourt.charging.ids import EvseId, ProfileId
from forecourt.charging.profiles import Profiles
from forecourt.charging.schedule import Installed, Kind, Period, Profile, Purpose, Schedule
from forecourt.station import events
from forecourt.station.blocks.smart_charging.limiting import apply
from forecourt.station.blocks.smart_charging.model import CONTROLLER, Charging, LimitCleared, LimitSet, facts
from forecourt.station.blocks.smart_charging.store import adopt
from forecourt.station.core import Station


def on_restricted(station: Station, event: events.Restricted) -> None:
    """A new limit in place of the one before, or none any more. Ignored where none is to be heeded."""
    part, profile_id = station.part(Charging), _id(event.evse_id, adds=event.adds)
    if event.limit is None:
        adopt(station, Profiles(tuple(one for one in part.profiles.installed if one.profile.profile_id != profile_id)))
    elif station.model.flag(CONTROLLER, "ExternalControlSignalsEnabled"):
        purpose = Purpose.LOCAL_GENERATION if event.adds else Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS
        period = Period(start_s=0, limit=event.limit.limit)
        profile = Profile(
            profile_id=profile_id,
            stack_level=0,
            purpose=purpose,
            # K29.FR.04: a single value is a dynamic profile.
            kind=Kind.DYNAMIC,
            schedules=(Schedule(schedule_id=1, unit=event.limit.unit, periods=(period,)),),
            updated_at=station.now(),
        )
        known = facts(station, needs_transaction_id=False)
        # However many profiles there are, this one has to be heeded.
        known = replace(known, capabilities=replace(known.capabilities, most_profiles=None))
        new = Installed(profile=profile, evse_id=event.evse_id, source=event.source)
        adopt(station, part.profiles.install(new, known, now=station.now(), from_csms=False).profiles)
    apply(station, changed=True)
    tell(station)


def tell(station: Station) -> None:
    """Tell what has changed by more than LimitChangeSignificance since it was last told; while offline, afterwards."""
    if not station.online:
        return
    part = station.part(Charging)
    now = {one.profile.profile_id: one for one in part.profiles.installed if one.profile.profile_id < 0}
    if not now and not part.told:
        return
    told = dict(part.told)
    for profile_id in told.keys() - now.keys():
        station.say(LimitCleared(evse_id=told[profile_id].evse_id, source=told.pop(profile_id).source))
    for profile_id, one in now.items():
        if profile_id not in told or _differs(station, told[profile_id], one):
            adds = one.profile.purpose is Purpose.LOCAL_GENERATION
            station.say(LimitSet(evse_id=one.evse_id, source=one.source, adds=adds, schedule=_told(station, one)))
            told[profile_id] = one
    part.told = MappingProxyType(told)


def _id(evse_id: EvseId, *, adds: bool) -> ProfileId:
    """Below all that a management system may use (K11.FR.06)."""
    return ProfileId(-1 - 2 * evse_id - adds)


def _told(station: Station, one: Installed) -> Schedule | None:
    """K11.FR.03, K27.FR.04."""
    return one.profile.schedules[0] if station.model.flag(CONTROLLER, "NotifyChargingLimitWithSchedules") else None


def _differs(station: Station, old: Installed, new: Installed) -> bool:
    """K11.FR.02, K27.FR.03."""
    (before,), (after,) = old.profile.schedules, new.profile.schedules
    was, now = before.periods[0].limit or Decimal(0), after.periods[0].limit or Decimal(0)
    significant = Decimal(station.model.text(CONTROLLER, "LimitChangeSignificance"))
    return before.unit is not after.unit or old.source != new.source or abs(now - was) * 100 > significant * was
