"""Availability in the words of 2.0.1 and 2.1, bytes in and bytes out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forecourt.csms.blocks.availability import v2
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.versions import Version
from tests.csms.blocks.availability.test_v16 import STATES, WANTED, Finished
from tests.csms.blocks.availability.world import BOTH_2, Json, Wire, give, happened, hear, link_of, rows, say, words

pytestmark = pytest.mark.parametrize("version", BOTH_2, ids=str)

NOW = datetime.now(UTC).replace(microsecond=0)


def at(store: Store, version: Version, station: Station | None = None) -> tuple[Link, Wire, Finished]:
    """A station of 2.x."""
    finished = Finished()
    block = Availability(store=store, finish=finished)
    link, wire = link_of(version, v2.hears(block), v2.says(block), station)
    return link, wire, finished


def status(evse_id: int, connector_id: int, word: str, when: datetime = NOW, **more: Any) -> Json:
    return {
        "timestamp": words(when),
        "connectorStatus": word,
        "evseId": evse_id,
        "connectorId": connector_id,
        **more,
    }


def events(*data: Json) -> Json:
    """A NotifyEvent about the AvailabilityState of components."""
    told = [
        {
            "eventId": number,
            "timestamp": words(NOW),
            "trigger": "Delta",
            "eventNotificationType": "HardWiredNotification",
            "variable": {"name": "AvailabilityState"},
            **one,
        }
        for number, one in enumerate(data)
    ]
    return {"generatedAt": words(NOW), "seqNo": 0, "eventData": told}


@pytest.mark.parametrize(
    ("word", "plugged_in", "charging"),
    [
        ("Available", False, "Idle"),
        ("Occupied", True, None),
        ("Reserved", None, None),
        ("Unavailable", None, None),
        ("Faulted", None, None),
    ],
)
async def test_G01_FR_01_every_state_of_a_connector_is_kept(
    peopled: Store, version: Version, word: str, plugged_in: bool | None, charging: str | None
) -> None:
    link, _, _ = at(peopled, version)
    assert await hear(peopled, link, "StatusNotification", status(2, 1, word)) == {}
    assert await rows(peopled, STATES) == [(2, 1, word, plugged_in, charging, word)]
    (event,) = await happened(peopled, "ConnectorChanged")
    assert (event["evseId"], event["connectorId"], event["pluggedIn"]) == (2, 1, plugged_in)
    assert datetime.fromisoformat(event["stationTime"]) == NOW


async def test_TC_G_20_CSMS_G01_FR_03_a_state_may_come_as_an_event(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    evse = {"id": 1, "connectorId": 1}
    told = events(
        {"actualValue": "Occupied", "component": {"name": "Connector", "evse": evse}},
        {"actualValue": "Available", "component": {"name": "ChargingStation"}},
        {"actualValue": "Occupied", "component": {"name": "EVSE", "evse": {"id": 1}}},
        {
            "actualValue": "true",
            "component": {"name": "ConnectorPlugRetentionLock", "evse": evse},
            "variable": {"name": "Problem"},
        },
    )
    assert await hear(peopled, link, "NotifyEvent", told) == {}
    assert await rows(peopled, STATES) == [(1, 1, "Occupied", True, None, "Occupied")]
    assert await rows(peopled, "SELECT evse_id, status FROM evse ORDER BY 1") == [(0, "Available"), (1, "Occupied")]
    assert await rows(peopled, "SELECT strpos(request, 'ConnectorPlugRetentionLock') > 0 FROM message_log") == [(True,)]
    # The same state, whichever way it is told, is no change.
    await hear(peopled, link, "StatusNotification", status(1, 1, "Occupied"))
    assert len(await happened(peopled, "ConnectorChanged")) == 3


async def test_connector_0_and_evse_0_are_the_whole(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    await hear(peopled, link, "StatusNotification", status(0, 0, "Available"))
    await hear(peopled, link, "StatusNotification", status(1, 0, "Unavailable"))
    assert await rows(peopled, "SELECT evse_id, status FROM evse ORDER BY 1") == [(0, "Available"), (1, "Unavailable")]
    given = await give(peopled, link, "StatusNotification", status(1, -1, "Available"), reading=Reading.TOLERANT)
    assert isinstance(given.answer, ProtocolError)
    assert given.answer.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


async def test_a_word_of_1_6_from_a_station_of_2_x_is_understood(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    await hear(peopled, link, "StatusNotification", status(1, 1, "Charging"), reading=Reading.TOLERANT)
    assert await rows(peopled, STATES) == [(1, 1, "Occupied", True, "Charging", "Charging")]


async def test_what_waited_in_a_queue_changes_nothing(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    await hear(peopled, link, "StatusNotification", status(1, 1, "Available"))
    await hear(peopled, link, "StatusNotification", status(1, 1, "Occupied", NOW - timedelta(minutes=5)))
    assert [row[2] for row in await rows(peopled, STATES)] == ["Available"]


async def test_TC_P_03_CSMS_a_status_may_carry_custom_data(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    custom = {"vendorId": "org.example", "anything": [1, {"more": True}]}
    assert await hear(peopled, link, "StatusNotification", status(1, 1, "Available", customData=custom)) == {}
    assert [row[2] for row in await rows(peopled, STATES)] == ["Available"]


async def test_G02_FR_03_a_heartbeat_is_told_our_time(peopled: Store, version: Version) -> None:
    link, _, _ = at(peopled, version)
    answer = await hear(peopled, link, "Heartbeat", {})
    assert list(answer) == ["currentTime"]
    assert abs(datetime.fromisoformat(answer["currentTime"]) - datetime.now(UTC)) < timedelta(seconds=30)
    assert await rows(peopled, "SELECT last_seen_at IS NOT NULL FROM station WHERE id = 1") == [(True,)]


@pytest.mark.parametrize(
    ("case", "command", "said"),
    [
        (
            "TC_G_03_CSMS",
            ChangeAvailability(False, 1),
            {"operationalStatus": "Inoperative", "evse": {"id": 1}},
        ),
        ("TC_G_04_CSMS", ChangeAvailability(True, 1), {"operationalStatus": "Operative", "evse": {"id": 1}}),
        ("TC_G_05_CSMS", ChangeAvailability(False), {"operationalStatus": "Inoperative"}),
        ("TC_G_06_CSMS", ChangeAvailability(True), {"operationalStatus": "Operative"}),
        (
            "TC_G_07_CSMS",
            ChangeAvailability(False, 1, 2),
            {"operationalStatus": "Inoperative", "evse": {"id": 1, "connectorId": 2}},
        ),
        (
            "TC_G_08_CSMS",
            ChangeAvailability(True, 1, 2),
            {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 2}},
        ),
    ],
)
async def test_TC_G_03_TC_G_04_TC_G_05_TC_G_06_TC_G_07_TC_G_08_CSMS_availability_is_changed(
    peopled: Store, version: Version, case: str, command: ChangeAvailability, said: Json
) -> None:
    link, wire, _ = at(peopled, version)
    assert await say(link, command) == Outcome.accepted("Accepted")
    assert wire.told == [("ChangeAvailability", said)]
    word = "Available" if command.operative else "Unavailable"
    assert await hear(peopled, link, "StatusNotification", status(1, command.connector_id or 1, word)) == {}
    assert await rows(peopled, WANTED) == [(command.evse_id or 0, command.connector_id or 0, command.operative, None)]


@pytest.mark.parametrize(
    ("case", "command", "said"),
    [
        ("TC_G_11_CSMS", ChangeAvailability(False, 1), {"id": 1}),
        ("TC_G_14_CSMS", ChangeAvailability(False), None),
        ("TC_G_17_CSMS", ChangeAvailability(False, 1, 1), {"id": 1, "connectorId": 1}),
    ],
)
async def test_TC_G_11_TC_G_14_TC_G_17_CSMS_during_a_transaction_it_is_scheduled_and_happens_afterwards(
    peopled: Store, version: Version, case: str, command: ChangeAvailability, said: Json | None
) -> None:
    link, wire, finished = at(peopled, version)
    await hear(peopled, link, "StatusNotification", status(1, 1, "Occupied"))
    reason = {"reasonCode": "TxInProgress", "additionalInfo": "afterwards"}
    wire.answers["ChangeAvailability"] = {"status": "Scheduled", "statusInfo": reason}
    outcome = await say(link, command)
    ((_, request),) = wire.told
    assert request["operationalStatus"] == "Inoperative"
    assert request.get("evse") == said
    assert (outcome.status, outcome.reason, dict(outcome.result)) == (CommandStatus.RUNNING, "Scheduled", reason)
    assert finished.ended == []
    await hear(peopled, link, "StatusNotification", status(1, 1, "Unavailable"))
    assert finished.ended == [(outcome.request_id, False, "it has happened")]


async def test_an_order_that_was_refused_says_why(peopled: Store, version: Version) -> None:
    link, wire, _ = at(peopled, version)
    wire.answers["ChangeAvailability"] = {"status": "Rejected", "statusInfo": {"reasonCode": "UnknownEvse"}}
    assert await say(link, ChangeAvailability(False, 9)) == Outcome.refused("Rejected", reasonCode="UnknownEvse")
    assert await rows(peopled, WANTED) == []
