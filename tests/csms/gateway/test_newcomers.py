"""Stations that nobody announced: made known once, with what they showed, and not more of them than is good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from forecourt.clock import VirtualClock
from forecourt.csms.config import Gateway
from forecourt.csms.gateway import newcomers as module
from forecourt.csms.gateway.newcomers import Mismatch, Newcomers, Shown, TooMany
from forecourt.csms.stations import actions
from forecourt.csms.stations.model import OrganisationKey, Registration, SecurityProfile, Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store
from tests.csms.blocks.availability.world import US, happened, populate, rows

SHOWN = Shown(SecurityProfile.BASIC, b"h" * 32)
OTHER = Shown(SecurityProfile.BASIC, b"x" * 32)
OPEN, PENDING = Gateway(registration="open"), Gateway(registration="pending")


@pytest.fixture(autouse=True)
async def _populated(store: Store) -> None:
    await populate(store)
    async with store.database.engine.begin() as connection:
        # The stations of `populate` brought their own numbers.
        await connection.execute(text("SELECT setval(pg_get_serial_sequence('station', 'id'), 100)"))


@pytest.fixture
def stations() -> Stations:
    return Stations()


@pytest.mark.parametrize(("policy", "registration"), [(OPEN, "Accepted"), (PENDING, "Pending")])
async def test_a_newcomer_is_made_known_as_the_policy_says_with_what_it_showed(
    store: Store, stations: Stations, policy: Gateway, registration: str
) -> None:
    made = await Newcomers(store, stations, policy, US).welcome("NEW", SHOWN)
    assert stations.named("NEW") is made
    assert made.registration is Registration(registration)
    assert made.credentials.password_hmacs == (b"h" * 32,)
    question = (
        "SELECT registration, security_profile, password_hmac, organisation_id FROM station WHERE wire_id = 'NEW'"
    )
    assert await rows(store, question) == [(registration, 1, b"h" * 32, US)]
    assert [one["wireId"] for one in await happened(store, "StationAdded")] == ["NEW"]


async def test_two_connections_of_one_newcomer_make_one_station(store: Store, stations: Stations) -> None:
    newcomers = Newcomers(store, stations, OPEN, US)
    async with asyncio.TaskGroup() as group:
        one, two = (group.create_task(newcomers.welcome("NEW", SHOWN)) for _ in range(2))
    assert one.result() is two.result() is stations.named("NEW")
    assert await rows(store, "SELECT count(*) FROM station WHERE wire_id = 'NEW'") == [(1,)]


async def test_of_two_connections_with_different_passwords_only_the_first_comes_in(
    store: Store, stations: Stations
) -> None:
    newcomers = Newcomers(store, stations, OPEN, US)

    async def second() -> None:
        with pytest.raises(Mismatch):
            await newcomers.welcome("NEW", OTHER)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(newcomers.welcome("NEW", SHOWN))
        group.create_task(second())
    assert first.result().credentials.password_hmacs == (b"h" * 32,)


async def test_a_station_announced_after_the_handshake_is_not_entered_without_its_password(
    store: Store, stations: Stations
) -> None:
    newcomers = Newcomers(store, stations, OPEN, US)
    known = await newcomers.welcome("NEW", SHOWN)
    assert await newcomers.welcome("NEW", SHOWN) is known
    with pytest.raises(Mismatch):
        await newcomers.welcome("NEW", Shown(SecurityProfile.NONE))
    known.enabled = False
    with pytest.raises(Mismatch):
        await newcomers.welcome("NEW", SHOWN)


async def test_a_station_another_process_took_in_is_the_one_of_the_database(store: Store, stations: Stations) -> None:
    async with store.work() as work:
        there = await actions.add(
            work, wire_id="NEW", organisation=US, registration=Registration.REJECTED, password_hmac=b"h" * 32
        )
    found = await Newcomers(store, stations, OPEN, US).welcome("NEW", SHOWN)
    assert (found.key, found.registration) == (there.key, Registration.REJECTED)
    assert stations.named("NEW") is found


async def test_a_station_this_process_came_to_know_meanwhile_stays_one_object(store: Store, stations: Stations) -> None:
    there: list[Station] = []

    class Announcing(Stations):
        """Somebody announces the station between the first look and the last."""

        looks = 0

        def named(self, wire_id: str) -> Station | None:
            self.looks += 1
            if self.looks == 2:
                self.add(there[0])
            return super().named(wire_id)

    async with store.work() as work:
        there.append(await actions.add(work, wire_id="NEW", organisation=US, password_hmac=b"h" * 32))
    assert await Newcomers(store, Announcing(), OPEN, US).welcome("NEW", SHOWN) is there[0]


async def test_whoever_waits_for_a_welcome_that_is_cut_short_is_told(store: Store, stations: Stations) -> None:
    newcomers = Newcomers(store, stations, OPEN, US)

    async def second() -> str:
        try:
            await newcomers.welcome("NEW", SHOWN)
        except StoreAway:
            return "told"
        return "welcome"

    async with asyncio.TaskGroup() as group:
        first = group.create_task(newcomers.welcome("NEW", SHOWN))
        waiting = group.create_task(second())
        await asyncio.wait([waiting], timeout=0.001)
        first.cancel()
        async with asyncio.timeout(10):
            assert await waiting == "told"
    assert stations.named("NEW") is None
    assert (await newcomers.welcome("NEW", SHOWN)).wire_id == "NEW"


async def test_what_the_store_raises_reaches_everybody_who_waits(store: Store, stations: Stations) -> None:
    newcomers = Newcomers(store, stations, OPEN, OrganisationKey(999))
    with pytest.raises(Exception, match="foreign key"):
        await newcomers.welcome("NEW", SHOWN)
    assert stations.named("NEW") is None


@pytest.fixture
async def still(database_url: str) -> AsyncIterator[tuple[Store, VirtualClock]]:
    """A store whose time stands still."""
    clock = VirtualClock()
    async with open_store(database_url, clock, linger_s=0.0) as opened:
        yield opened, clock


async def test_more_newcomers_than_a_minute_may_bring_are_sent_away_until_it_is_over(
    still: tuple[Store, VirtualClock], stations: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_A_MINUTE", 2)
    store, clock = still
    newcomers = Newcomers(store, stations, OPEN, US)
    await newcomers.welcome("A", SHOWN)
    await newcomers.welcome("B", SHOWN)
    with pytest.raises(TooMany):
        await newcomers.welcome("C", SHOWN)
    assert (await newcomers.welcome("A", SHOWN)).wire_id == "A"
    await clock.advance(59.9)
    with pytest.raises(TooMany):
        await newcomers.welcome("C", SHOWN)
    await clock.advance(0.1)
    assert (await newcomers.welcome("C", SHOWN)).wire_id == "C"
