"""Raising the security profile of a station (A05), so that it can always come back.

    offered     it may come with the higher profile, and still with its own
    raised      it has come with the higher one, and a lower one is not let in any more (A05.FR.07)

Only upwards: a lower profile than the one in use is for a person to give, at the station and here.
"""

from __future__ import annotations

from sqlalchemy import update

from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.stations.store import station as table
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Store


class SecurityProfileRaised(Event, frozen=True, kw_only=True):
    """A station has come with a higher security profile, which is its own from now on."""

    organisation_id: int
    station_id: int
    profile: int


async def offer(store: Store, station: Station, profile: str) -> SecurityProfile | None:
    """Let a station come with a higher profile than its own as well; one that is not higher changes nothing.

    To be done before the station is told, which may use it at once. Returns what it was offered before, for `withdraw`.
    Raises StoreError.
    """
    earlier = station.credentials.offered_profile
    known = next((one for one in SecurityProfile if one.value == profile), SecurityProfile.NONE)
    if known.value > (earlier or station.credentials.profile).value:
        await _write(store, station, station.credentials.profile, known)
    return earlier


async def withdraw(store: Store, station: Station, earlier: SecurityProfile | None) -> None:
    """The station did not take what it was offered: it may come with what it was offered `earlier`. Raises StoreError."""
    if station.credentials.offered_profile is not earlier:
        await _write(store, station, station.credentials.profile, earlier)


def open_to(station: Station) -> list[SecurityProfile]:
    """The profiles that a station may come with, the highest first."""
    own, offered = station.credentials.profile, station.credentials.offered_profile
    return [one for one in reversed(SecurityProfile) if own.value <= one.value <= (offered or own).value]


def came_with(station: Station, profile: SecurityProfile) -> bool:
    """A station has come in with a profile. Returns whether that is a higher one, for `keep_raised`.

    It counts at once: the next connection with a lower one is not let in, whatever becomes of the record (A05.FR.07).
    """
    credentials = station.credentials
    if profile is credentials.profile:
        return False
    credentials.profile = profile
    if profile is credentials.offered_profile:
        credentials.offered_profile = None
    return True


async def keep_raised(store: Store, station: Station) -> None:
    """Put on record that a station has come with a higher profile. Raises StoreError."""
    credentials = station.credentials
    await _write(store, station, credentials.profile, credentials.offered_profile, raised=True)


async def _write(
    store: Store, station: Station, own: SecurityProfile, offered: SecurityProfile | None, *, raised: bool = False
) -> None:
    level = int(own.value)
    values = {
        "security_profile": level,
        "offered_security_profile": None if offered is None else int(offered.value),
    }
    async with store.work(station.key) as work:
        await (await work.sql()).execute(update(table).where(table.c.id == station.key).values(**values))
        if raised:
            work.announce(
                SecurityProfileRaised(organisation_id=station.organisation, station_id=station.key, profile=level)
            )
    if not raised:
        station.credentials.offered_profile = offered
