"""Dynamic profiles of 2.1: values that the management system changes at any time, or is asked for (K28)."""

from __future__ import annotations

from datetime import timedelta

from forecourt.charging.ids import ProfileId
from forecourt.charging.profile_verdicts import ProfileVerdict
from forecourt.charging.profiles import ScheduleUpdate
from forecourt.charging.schedule import Kind
from forecourt.station.blocks.smart_charging.limiting import apply
from forecourt.station.blocks.smart_charging.model import Charging, Pull
from forecourt.station.blocks.smart_charging.store import adopt
from forecourt.station.core import Station


def update(station: Station, profile_id: ProfileId, new: ScheduleUpdate) -> ProfileVerdict:
    """UpdateDynamicSchedule, or the answer to a pull: it counts at once (K28.FR.06, 08, 11)."""
    outcome = station.part(Charging).profiles.updated(profile_id, new, now=station.now())
    if outcome.verdict.accepted:
        adopt(station, outcome.profiles)
        apply(station)
        pull_later(station)
    return outcome.verdict


def pull_later(station: Station) -> None:
    """K28.FR.10: ask for new values when the interval since the last ones, or since the last asking, has passed."""
    part = station.part(Charging)
    if part.pull_timer is not None:
        part.pull_timer.cancel()
        part.pull_timer = None
    pulled = {
        one.profile.profile_id: one.profile
        for one in part.profiles.installed
        if one.profile.kind is Kind.DYNAMIC and one.profile.update_interval_s
    }
    if not pulled:
        return
    asked_at = {number: at for number, at in part.asked_at.items() if number in pulled}
    now, waits_s = station.now(), []
    for number, profile in pulled.items():
        last = max(at for at in (profile.updated_at, asked_at.get(number)) if at is not None)
        due = last + timedelta(seconds=profile.update_interval_s or 0)
        if due <= now:
            asked_at[number] = now
            due = now + timedelta(seconds=profile.update_interval_s or 0)
            if station.online:
                station.say(Pull(profile_id=number))
        waits_s.append((due - now).total_seconds())
    part.asked_at = asked_at
    part.pull_timer = station.after(min(waits_s), lambda: pull_later(station))
