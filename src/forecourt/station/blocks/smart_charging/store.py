"""The profiles a station has, and that they are kept over a loss of power."""

from __future__ import annotations

from forecourt.charging.profiles import Profiles
from forecourt.charging.schedule import Purpose
from forecourt.station.blocks.smart_charging.model import PROFILES, Charging
from forecourt.station.core import Station


def adopt(station: Station, profiles: Profiles) -> None:
    """Have these profiles from now on, and keep what has changed."""
    part = station.part(Charging)
    before = {one.profile.profile_id: one for one in part.profiles.installed}
    after = {one.profile.profile_id: one for one in profiles.installed}
    for profile_id in before.keys() - after.keys():
        station.storage.remove(PROFILES, str(profile_id))
    for profile_id, one in after.items():
        if one != before.get(profile_id):
            station.storage.put(PROFILES, str(profile_id), one)
    part.profiles = profiles


def load(station: Station) -> None:
    """K01.FR.27; 1.6 errata 3.37. A profile of a transaction is of use as long as that."""
    part = station.part(Charging)
    kept = (one for _, one in station.storage.items(PROFILES))
    part.profiles = Profiles(tuple(sorted(kept, key=lambda one: one.profile.profile_id)))
    running = {bay.transaction.id for bay in station.bays.values() if bay.transaction is not None}
    of_use = (
        one
        for one in part.profiles.installed
        if one.profile.purpose is not Purpose.TX or one.profile.transaction_id in running
    )
    adopt(station, Profiles(tuple(of_use)))
