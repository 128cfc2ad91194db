"""What is asked of stations from afar: the question on the wire, the outcome on record, and what follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.availability import upkeep
from forecourt.csms.blocks.availability.model import ChangeAvailability
from forecourt.csms.blocks.provisioning.commands import Reset, ResetKind
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging
from forecourt.csms.blocks.transactions.model import Reference, TransactionKey
from forecourt.csms.stations.commands import CommandStatus
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.journeys.driver import Driver, answer, station
from tests.journeys.site import BOTH_2, CARD, VERSIONS, Site

TOKEN = Token(CARD, "ISO14443")
START = {V16: "RemoteStartTransaction", V201: "RequestStartTransaction", V21: "RequestStartTransaction"}
STOP = {V16: "RemoteStopTransaction", V201: "RequestStopTransaction", V21: "RequestStopTransaction"}


def named(version: Version) -> str:
    return version.name


def says(version: Version, word: str) -> dict[str, Any]:
    """A station that answers everything these tests ask with `word`."""
    return {action: answer(version, action, status=word) for action in (START[version], STOP[version], "Reset")}


async def running(site: Site, wire_id: str) -> Reference:
    """The transaction of a station that has not ended."""
    ((key, name, number, evse_id),) = await site.rows(
        "SELECT t.id, t.wire_id, number, evse_id FROM transaction t JOIN station s ON s.id = station_id"
        " WHERE s.wire_id = :wire_id AND ended_at IS NULL",
        wire_id=wire_id,
    )
    return Reference(TransactionKey(key), name, number, evse_id)


async def began_remotely(driver: Driver, question: dict[str, Any]) -> str:
    """The station does as it was asked."""
    if driver.version is V16:
        assert question == {"connector_id": 1, "id_tag": CARD}
        return await driver.start(question["id_tag"], 1000)
    assert question["id_token"] == {"id_token": CARD, "type": "ISO14443"}
    assert question["evse_id"] == 1
    started = await driver.event(
        "Started",
        0,
        trigger="RemoteStart",
        token=question["id_token"]["id_token"],
        state="Charging",
        wh=1000,
        remote_start_id=question["remote_start_id"],
    )
    return str(started.id_token_info["status"])


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_TC_010_CSMS_TC_012_CSMS_a_session_is_started_and_stopped_from_afar(site: Site, version: Version) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    sending = site.csms.sending
    async with station(site.url, "CP", version, says(version, "Accepted")) as driver:
        await driver.boot()
        await driver.connector("Preparing", "Occupied")
        order = await sending.ask(known, StartCharging(TOKEN, evse_id=1), asked_by="Ada")
        question = await driver.asked.next(START[version])
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
        assert await driver.authorize(CARD) == "Accepted"
        assert await began_remotely(driver, question) == "Accepted"

        reference = await running(site, "CP")
        order = await sending.ask(known, StopCharging(reference), asked_by="Ada")
        question = await driver.asked.next(STOP[version])
        assert question == {"transaction_id": driver.transaction}
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
        await driver.stop(None, 1500, 100, reason="Remote")
        await driver.connector("Finishing", "Occupied", 101)
        await driver.connector("Available", "Available", 110)
    record = await site.record(known)
    assert (record["stop_reason"], record["verdict"], record["energy_imported_wh"]) == ("Remote", "Accepted", 500)
    if version is not V16:
        assert record["remote_start_id"] is not None
    steps = await site.rows(
        "SELECT data->>'kind', data->>'status' FROM event WHERE kind = 'CommandChanged' AND station_id = :key"
        " AND data->>'kind' IN ('StartCharging', 'StopCharging') ORDER BY xid, id",
        key=known.key,
    )
    assert steps == [
        (kind, status) for kind in ("StartCharging", "StopCharging") for status in ("queued", "sent", "accepted")
    ]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_TC_026_CSMS_TC_028_CSMS_a_station_that_will_not_start_or_stop_is_taken_at_its_word(
    site: Site, version: Version
) -> None:
    await site.hand_out(CARD)
    known = await site.announce("CP")
    sending = site.csms.sending
    async with station(site.url, "CP", version, says(version, "Rejected")) as driver:
        await driver.boot()
        order = await sending.ask(known, StartCharging(TOKEN, evse_id=1), asked_by="Ada")
        assert await site.settled(order) == (CommandStatus.REFUSED, "Rejected")
        await driver.start(CARD, 1000)
        order = await sending.ask(known, StopCharging(await running(site, "CP")), asked_by="Ada")
        assert await site.settled(order) == (CommandStatus.REFUSED, "Rejected")
    assert (await site.record(known))["ended_at"] is None


@pytest.mark.parametrize(("kind", "word"), [(ResetKind.IMMEDIATE, "Hard"), (ResetKind.ON_IDLE, "Soft")])
async def test_TC_013_CSMS_TC_014_CSMS_a_reset_is_hard_or_soft_and_the_station_boots_again(
    site: Site, kind: ResetKind, word: str
) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", V16, says(V16, "Accepted")) as driver:
        await driver.boot()
        order = await site.csms.sending.ask(known, Reset(kind), asked_by="Ada")
        assert await driver.asked.next("Reset") == {"type": word}
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
    async with station(site.url, "CP", V16) as driver:
        assert (await driver.boot()).status == "Accepted"
        for number in (0, 1):
            await driver.say("StatusNotification", connector_id=number, error_code="NoError", status="Available")
        assert await site.connector(known) == [(1, 1, "Available")]


@pytest.mark.parametrize("version", BOTH_2, ids=named)
@pytest.mark.parametrize("kind", [ResetKind.IMMEDIATE, ResetKind.ON_IDLE])
async def test_TC_B_20_CSMS_a_reset_names_no_evse_and_the_station_boots_again(
    site: Site, version: Version, kind: ResetKind
) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", version, says(version, "Accepted")) as driver:
        await driver.boot()
        order = await site.csms.sending.ask(known, Reset(kind), asked_by="Ada")
        assert await driver.asked.next("Reset") == {"type": kind.value}
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
    async with station(site.url, "CP", version) as driver:
        assert (await driver.boot("RemoteReset")).status == "Accepted"
        await driver.connector("Available", "Available")
        assert await site.connector(known) == [(1, 1, "Available")]


@pytest.mark.parametrize("version", [V16, V201], ids=named)
async def test_a_station_that_does_not_know_a_command_has_refused_it(site: Site, version: Version) -> None:
    known = await site.announce("CP")
    async with station(site.url, "CP", version) as driver:
        await driver.boot()
        order = await site.csms.sending.ask(known, Reset(), asked_by="Ada")
        assert await site.settled(order) == (CommandStatus.REFUSED, "NotImplemented")


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_a_command_for_a_station_that_is_away_waits_until_it_connects(site: Site, version: Version) -> None:
    known = await site.announce("CP")
    order = await site.csms.sending.ask(known, Reset(ResetKind.IMMEDIATE), asked_by="Ada")
    assert await site.rows("SELECT status, sent_at FROM command") == [("queued", None)]
    async with station(site.url, "CP", version, says(version, "Accepted")) as driver:
        await driver.asked.next("Reset")
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
    assert await site.rows("SELECT status, sent_at <= ended_at FROM command") == [("accepted", True)]


async def test_a_command_that_waits_too_long_expires_and_is_never_sent(site: Site) -> None:
    known = await site.announce("CP")
    order = await site.csms.sending.ask(
        known, Reset(ResetKind.IMMEDIATE), asked_by="Ada", expires_in=timedelta(milliseconds=1)
    )
    async with station(site.url, "CP", V16, says(V16, "Accepted")) as driver:
        await driver.boot()
        assert (await site.settled(order))[0] is CommandStatus.EXPIRED
        await driver.say("Heartbeat")
        assert "Reset" not in driver.asked.actions()
    assert await site.rows("SELECT status, sent_at FROM command") == [("expired", None)]


async def test_a_command_for_a_station_that_stays_away_expires(site: Site) -> None:
    known = await site.announce("CP")
    order = await site.csms.sending.ask(
        known, Reset(ResetKind.IMMEDIATE), asked_by="Ada", expires_in=timedelta(milliseconds=1)
    )
    await site.until("SELECT expires_at <= now() FROM command", [(True,)])
    await site.csms.sending.expire()
    assert order.status is CommandStatus.EXPIRED
    assert (await site.kinds(known, "Command%")) == ["CommandChanged", "CommandChanged"]


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_a_station_that_forgets_that_it_is_out_of_use_is_told_again(
    site: Site, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "GRACE", timedelta(0))
    known = await site.announce("CP")
    answers = {"ChangeAvailability": answer(version, "ChangeAvailability", status="Accepted")}
    async with station(site.url, "CP", version, answers) as driver:
        await driver.boot()
        order = await site.csms.sending.ask(known, ChangeAvailability(operative=False), asked_by="Ada")
        assert await site.settled(order) == (CommandStatus.ACCEPTED, "Accepted")
        first = await driver.asked.next("ChangeAvailability")
        await driver.connector("Unavailable", "Unavailable")
    async with station(site.url, "CP", version, answers) as driver:
        await driver.boot()
        await driver.connector("Available", "Available")
        assert await driver.asked.next("ChangeAvailability") == first
    await site.until(
        "SELECT kind, asked_by FROM command ORDER BY asked_at DESC LIMIT 1", [("ChangeAvailability", "availability")]
    )
