"""Stations come in, or are told why not: handshakes, boots and takeovers as stations and operators see them."""

from __future__ import annotations

import pytest
import websockets
from ocpp.exceptions import SecurityError
from websockets.asyncio.client import connect

from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.config import Gateway
from forecourt.csms.stations.model import Registration
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.journeys.driver import answer, basic, station
from tests.journeys.site import BOTH_2, PASSWORD, VERSIONS, Site

REFUSED = "SELECT reason FROM refused_handshake WHERE wire_id = :name"


def named(version: Version) -> str:
    return version.name


async def refused(site: Site, identity: str, headers: dict[str, str]) -> int:
    """The status of a handshake that is refused."""
    with pytest.raises(websockets.InvalidStatus) as turned:
        async with connect(
            f"{site.url}/{identity}",
            subprotocols=[websockets.Subprotocol("ocpp2.0.1")],
            additional_headers=headers,
        ):
            raise AssertionError("it was let in")
    return turned.value.response.status_code


async def test_TC_001_CSMS_a_known_station_boots_and_is_accepted(site: Site) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", V16) as driver:
        booted = await driver.boot()
        assert (booted.status, booted.interval) == ("Accepted", 300)
        for number in (0, 1):
            await driver.say("StatusNotification", connector_id=number, error_code="NoError", status="Available")
        assert (await driver.say("Heartbeat")).current_time
        assert await site.connector(known) == [(1, 1, "Available")]


@pytest.mark.parametrize("version", BOTH_2, ids=named)
async def test_TC_A_01_CSMS_TC_B_01_CSMS_a_station_with_its_password_boots_and_is_accepted(
    site: Site, version: Version
) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", version) as driver:
        booted = await driver.boot()
        assert (booted.status, booted.interval) == ("Accepted", 300)
        await driver.connector("Available", "Available")
        assert await site.connector(known) == [(1, 1, "Available")]
    await site.until(
        "SELECT kind, data->>'version' FROM event WHERE station_id = :key AND kind = 'StationConnected'",
        [("StationConnected", version.name)],
        key=known.key,
    )
    assert await site.rows("SELECT vendor, model, boot_reason FROM station") == [("Acme", "Wallbox", "PowerUp")]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
async def test_TC_B_30_CSMS_a_station_that_is_not_accepted_may_only_boot(
    site: Site, version: Version, registration: Registration
) -> None:
    known = await site.announce("CP", registration=registration)
    async with station(site.url, "CP", version) as driver:
        # Also before it has booted.
        with pytest.raises(SecurityError):
            await driver.say("Heartbeat")
        booted = await driver.boot()
        assert booted.status == registration.value
        assert booted.interval > 0
        with pytest.raises(SecurityError):
            await driver.connector("Available", "Available")
        assert (await driver.boot()).status == registration.value
        assert await site.connector(known) == []
        assert await site.rows("SELECT action, error FROM message_log WHERE error <> '' ORDER BY received_at") == [
            ("Heartbeat", "SecurityError"),
            ("StatusNotification", "SecurityError"),
        ]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_TC_B_31_CSMS_a_station_that_waits_is_asked_to_boot_as_soon_as_somebody_accepts_it(
    site: Site, version: Version
) -> None:
    csms = site.csms
    known = await site.announce("CP", registration=Registration.PENDING)
    willing = {"TriggerMessage": answer(version, "TriggerMessage", status="Accepted")}
    async with station(site.url, "CP", version, willing) as driver:
        assert (await driver.boot()).status == "Pending"
        await boots.accept(csms.store, csms.sending, csms.stations, known, "Ada")
        question = await driver.asked.next("TriggerMessage")
        assert question["requested_message"] == "BootNotification"
        assert (await driver.boot("Triggered")).status == "Accepted"
        await driver.connector("Available", "Available")
        assert await site.connector(known) == [(1, 1, "Available")]
    kinds = await site.kinds(known, "Registration%")
    assert kinds == ["RegistrationDecided", "RegistrationChanged"]


async def test_a_station_nobody_announced_is_turned_away_and_listed(site: Site) -> None:
    assert await refused(site, "NOBODY", basic("NOBODY", PASSWORD)) == 404
    await site.until(REFUSED, [("unknown_station",)], name="NOBODY")
    assert await site.rows("SELECT wire_id FROM station") == []


async def test_TC_A_03_CSMS_A00_FR_204_a_station_without_its_password_is_turned_away_and_listed(site: Site) -> None:
    await site.announce("CP")
    assert await refused(site, "CP", {}) == 401
    await site.until(REFUSED, [("no_password",)], name="CP")
    assert await refused(site, "CP", basic("CP", "a-password-of-somebody")) == 401
    await site.until(REFUSED + " ORDER BY at", [("no_password",), ("wrong_password",)], name="CP")
    assert await site.rows("SELECT count(*) FROM event WHERE kind = 'StationConnected'") == [(0,)]


async def test_TC_A_02_CSMS_A00_FR_204_a_user_name_that_is_not_the_identity_is_turned_away_and_listed(
    site: Site,
) -> None:
    await site.announce("CP")
    assert await refused(site, "CP", basic("CPInvalid", PASSWORD)) == 401
    await site.until(REFUSED, [("wrong_username",)], name="CP")


async def test_a_newer_connection_takes_over_at_once_and_the_older_one_is_closed(site: Site) -> None:
    known = await site.announce("CP")
    connected = "SELECT connected, spoken_version FROM station WHERE id = :key"
    async with station(site.url, "CP", V16) as older:
        await older.boot()
        async with station(site.url, "CP", V21) as newer:
            assert await older.closed() == 1008
            assert (await newer.boot()).status == "Accepted"
            assert site.csms.stations.link_of(known).dialect.version is V21
            # The end of the older one does not disconnect the station.
            await site.until(connected, [(True, "2.1")], key=known.key)
            assert site.csms.stations.connected == 1
        await site.until(connected, [(False, "2.1")], key=known.key)
    assert site.csms.stations.connected == 0
    assert await site.kinds(known, "Station%onnected") == [
        "StationConnected",
        "StationConnected",
        "StationDisconnected",
    ]


class TestWhereStrangersWait:
    """Registration `pending`: who is not known is listed and waits."""

    @pytest.fixture
    def gateway(self) -> Gateway:
        return Gateway(registration="pending", pending_interval_s=42)

    async def test_a_stranger_is_made_known_and_told_to_come_back(self, site: Site) -> None:
        async with station(site.url, "NEW", V201) as driver:
            booted = await driver.boot()
            assert (booted.status, booted.interval) == ("Pending", 42)
        assert await site.rows("SELECT wire_id, registration, vendor FROM station") == [("NEW", "Pending", "Acme")]
        # What it has shown is what it must show from now on.
        assert await refused(site, "NEW", basic("NEW", "another-password-now")) == 401


class TestWhereStrangersAreWelcome:
    """Registration `open`: for laboratories."""

    @pytest.fixture
    def gateway(self) -> Gateway:
        return Gateway(registration="open")

    async def test_a_stranger_is_accepted_as_it_is(self, site: Site) -> None:
        async with station(site.url, "NEW", V16) as driver:
            assert (await driver.boot()).status == "Accepted"
            assert (await driver.say("Heartbeat")).current_time
