"""Raising a security profile: offered, withdrawn, come with; and what is on record at each step."""

from __future__ import annotations

import pytest

from forecourt.csms.stations import actions, profiles
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.store.work import Store
from tests.csms.blocks.availability.world import happened, rows
from tests.csms.blocks.provisioning.world import populate, station_of

NONE, BASIC, TLS_BASIC, TLS_CERTIFICATE = SecurityProfile


@pytest.fixture
async def station(store: Store) -> Station:
    """A station of security profile 1."""
    await populate(store)
    return station_of()


async def kept(store: Store) -> tuple[int, int | None]:
    """What a restart would find; and what is found is read as it was meant."""
    ((own, offered),) = await rows(store, "SELECT security_profile, offered_security_profile FROM station")
    async with store.work() as work:
        credentials = (await actions.find(work, "CS1")).credentials
    found = credentials.offered_profile
    assert (credentials.profile.value, found and found.value) == (str(own), offered and str(offered))
    return own, offered


@pytest.mark.parametrize("profile", ["0", "1", "4", "", "high"])
async def test_what_is_not_higher_is_not_offered(store: Store, station: Station, profile: str) -> None:
    assert await profiles.offer(store, station, profile) is None
    assert profiles.open_to(station) == [BASIC]
    assert await kept(store) == (1, None)


async def test_a_lower_offer_takes_nothing_from_a_higher_one(store: Store, station: Station) -> None:
    assert await profiles.offer(store, station, "3") is None
    assert await profiles.offer(store, station, "2") is TLS_CERTIFICATE
    assert profiles.open_to(station) == [TLS_CERTIFICATE, TLS_BASIC, BASIC]
    assert await kept(store) == (1, 3)


async def test_what_the_station_did_not_take_is_withdrawn_and_what_it_took_before_is_not(
    store: Store, station: Station
) -> None:
    await profiles.offer(store, station, "2")
    earlier = await profiles.offer(store, station, "3")
    await profiles.withdraw(store, station, earlier)
    assert profiles.open_to(station) == [TLS_BASIC, BASIC]
    assert await kept(store) == (1, 2)
    await profiles.withdraw(store, station, None)
    assert await kept(store) == (1, None)


async def test_A05_FR_07_a_profile_that_the_station_came_with_is_its_own_and_no_lower_one_opens(
    store: Store, station: Station
) -> None:
    await profiles.offer(store, station, "3")
    assert not profiles.came_with(station, BASIC)
    assert profiles.came_with(station, TLS_BASIC)
    assert profiles.open_to(station) == [TLS_CERTIFICATE, TLS_BASIC]
    await profiles.keep_raised(store, station)
    assert await kept(store) == (2, 3)
    assert profiles.came_with(station, TLS_CERTIFICATE)
    assert profiles.open_to(station) == [TLS_CERTIFICATE]
    await profiles.keep_raised(store, station)
    assert await kept(store) == (3, None)
    assert [one["profile"] for one in await happened(store, "SecurityProfileRaised")] == [2, 3]
