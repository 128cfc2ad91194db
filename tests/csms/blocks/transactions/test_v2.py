"""Transactions in the words of 2.0.1 and 2.1: the certification cases of block E, and tokens of all kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.actions import Asked, judge
from forecourt.csms.blocks.transactions.actions import open_transactions
from forecourt.csms.blocks.transactions.model import GetTransactionStatus
from forecourt.csms.stations.commands import CommandStatus
from forecourt.ocpp.versions import V16, V21, Version
from tests.csms.blocks.transactions.world import BOTH_2, CARD, FRIEND, STRANGER, Json, Speaker, Wire, World

pytestmark = pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)

FAMILY = {"idToken": "FAMILY", "type": "Central"}
ACCEPTED = {"status": "Accepted", "groupIdToken": FAMILY}


def speaker(world: World, version: Version, **more: Any) -> Speaker:
    return Speaker(world, world.link(version), **more)


STARTS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "TC_E_01_CSMS": [("Started", "Authorized", {"token": CARD, "state": "EVConnected", "evse": True})],
    "TC_E_02_CSMS": [("Started", "ChargingStateChanged", {"token": CARD, "state": "Charging"})],
    "TC_E_09_CSMS": [
        ("Started", "CablePluggedIn", {"state": "EVConnected"}),
        ("Updated", "Authorized", {"token": CARD}),
        ("Updated", "ChargingStateChanged", {"state": "Charging"}),
    ],
    "TC_E_10_CSMS": [
        ("Started", "Authorized", {"token": CARD, "evse": False, "state": "Idle"}),
        ("Updated", "CablePluggedIn", {"state": "EVConnected", "evse": True}),
        ("Updated", "ChargingStateChanged", {"state": "Charging"}),
    ],
    "TC_E_11_CSMS": [("Started", "SignedDataReceived", {"token": CARD, "state": "EVConnected"})],
    "TC_E_12_CSMS": [
        ("Started", "EVDetected", {"evse": False, "state": "Idle"}),
        ("Updated", "Authorized", {"token": CARD}),
        ("Updated", "CablePluggedIn", {"state": "EVConnected", "evse": True}),
    ],
    "TC_E_38_CSMS": [
        ("Started", "Authorized", {"token": CARD, "evse": False, "state": "Idle"}),
        ("Updated", "CablePluggedIn", {"state": "EVConnected", "evse": True}),
        ("Updated", "ChargingStateChanged", {"state": "SuspendedEV"}),
    ],
}


@pytest.mark.parametrize("case", STARTS)
async def test_TC_E_01_TC_E_02_TC_E_09_TC_E_10_TC_E_11_TC_E_12_TC_E_38_CSMS_every_start_point_is_one_transaction(
    world: World, version: Version, case: str
) -> None:
    station = speaker(world, version)
    for second, (what, trigger, more) in enumerate(STARTS[case]):
        answer = await station.event(what, second, trigger, **more)
        # E01.FR.12: wherever an idToken was, and nowhere else, the answer says what we think of it.
        assert answer == ({"idTokenInfo": ACCEPTED} if "token" in more else {})
    record = await world.record()
    assert (record["evse_id"], record["verdict"], record["ended_by"]) == (1, "Accepted", "")
    assert record["charging_state"] == STARTS[case][-1][2]["state"]
    assert record["first_seq_no"] == 0


STOPS: dict[str, tuple[str, dict[str, Any], str]] = {
    "TC_E_07_CSMS": ("StopAuthorized", {"token": CARD, "stopped": "Local"}, "Local"),
    "TC_E_08_CSMS": ("StopAuthorized", {"token": CARD, "stopped": "Local", "state": "EVConnected"}, "Local"),
    "TC_E_14_CSMS": ("EVCommunicationLost", {"stopped": "EVDisconnected", "state": "Idle"}, "EVDisconnected"),
    "TC_E_15_CSMS": ("StopAuthorized", {"token": CARD}, "Local"),
    "TC_E_17_CSMS": ("EVCommunicationLost", {"stopped": "EVDisconnected", "state": "Idle"}, "EVDisconnected"),
    "TC_E_19_CSMS": ("EVDeparted", {"stopped": "Local", "state": "Idle"}, "Local"),
    "TC_E_20_CSMS": ("EVCommunicationLost", {"stopped": "EVDisconnected", "state": "Idle"}, "EVDisconnected"),
    "TC_E_21_CSMS": ("RemoteStop", {"stopped": "Remote", "state": "EVConnected"}, "Remote"),
    "TC_E_22_CSMS": ("ChargingStateChanged", {"stopped": "StoppedByEV", "state": "SuspendedEV"}, "StoppedByEV"),
    "TC_E_39_CSMS": ("EVConnectTimeout", {"stopped": "Timeout", "state": "Idle"}, "Timeout"),
}


@pytest.mark.parametrize("case", STOPS)
async def test_TC_E_07_TC_E_08_TC_E_14_TC_E_15_TC_E_17_TC_E_19_TC_E_20_TC_E_21_TC_E_22_TC_E_39_CSMS_every_stop_point_ends_it(
    world: World, version: Version, case: str
) -> None:
    trigger, more, reason = STOPS[case]
    station = speaker(world, version)
    await station.begin(0, 1000)
    await station.event("Updated", 10, "ChargingStateChanged", state="Charging")
    answer = await station.event("Ended", 60, trigger, wh=1500, context="Transaction.End", **more)
    assert answer == ({"idTokenInfo": ACCEPTED} if "token" in more else {})
    record = await world.record()
    assert (record["ended_by"], record["stop_reason"]) == ("station", reason)
    assert (await world.kinds())[-1] == "TransactionEnded"


async def test_TC_E_16_CSMS_E01_FR_11_E01_FR_12_an_unknown_token_is_refused_and_the_transaction_on_record(
    world: World, version: Version
) -> None:
    station = speaker(world, version)
    answer = await station.event("Started", 0, "Authorized", token=STRANGER, state="EVConnected")
    assert answer["idTokenInfo"]["status"] in ("Invalid", "Unknown")
    await station.event("Ended", 5, "Deauthorized", stopped="DeAuthorized", wh=1000)
    record = await world.record()
    assert (record["verdict"], record["stop_reason"], record["cost"]) == ("Unknown", "DeAuthorized", None)
    assert {data["billable"] for _, data in await world.happened()} == {False}


async def test_E05_FR_01_a_token_that_was_authorized_by_the_station_itself_is_judged_all_the_same(
    world: World, version: Version
) -> None:
    known = await world.add_token("CACHED")
    await world.block_token(known)
    station = speaker(world, version)
    answer = await station.begin(0, 1000, token="CACHED")
    assert answer["idTokenInfo"]["status"] == "Blocked"


async def test_TC_E_26_CSMS_E10_a_cable_that_is_gone_for_a_while_only_suspends(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    for second, state in ((10, "Charging"), (60, "Idle"), (90, "EVConnected"), (100, "Charging")):
        await station.event("Updated", second, "ChargingStateChanged", state=state)
    await station.end(160, 1500)
    record = await world.record()
    assert (record["charging_s"], record["idle_s"]) == (110, 50)


async def test_TC_E_113_CSMS_E17_FR_14_a_transaction_that_resumes_after_a_power_loss_goes_on(
    world: World, version: Version
) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    await station.event("Updated", 10, "ChargingStateChanged", state="Charging")
    # The station has rebooted: another connection, and our memory of it begins anew.
    station.link = world.link(version, epoch=2)
    trigger = "TxResumed" if version is V21 else "ChargingStateChanged"
    assert await station.event("Updated", 100, trigger, state="SuspendedEVSE", wh=1200) == {}
    await station.event("Updated", 130, "ChargingStateChanged", state="Charging")
    await station.end(190, 1700)
    record = await world.record()
    assert (record["energy_imported_wh"], record["charging_s"], record["missing"]) == (700, 150, [])


async def test_E17_FR_21_a_transaction_that_a_power_loss_ended_is_ended(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    station.link = world.link(version, epoch=2)
    await station.end(190, 1700, token=None, reason="PowerLoss", offline=True)
    record = await world.record()
    assert (record["stop_reason"], record["offline"]) == ("PowerLoss", True)


async def test_C09_FR_03_a_token_of_the_same_group_may_stop_it_and_does_not_become_its_token(
    world: World, version: Version
) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    assert await station.event("Updated", 60, "StopAuthorized", token=FRIEND) == {"idTokenInfo": ACCEPTED}
    await station.event("Ended", 70, "EVCommunicationLost", stopped="EVDisconnected")
    record = await world.record()
    assert (record["token_value"], record["stop_token"], record["stop_right"]) == (CARD, FRIEND, "same_group")


async def test_the_first_token_that_is_accepted_is_the_one_it_is_charged_on(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.event("Started", 0, "CablePluggedIn", state="EVConnected")
    assert (await station.event("Updated", 5, "Authorized", token=STRANGER))["idTokenInfo"]["status"] == "Unknown"
    assert (await station.event("Updated", 9, "Authorized", token=CARD))["idTokenInfo"]["status"] == "Accepted"
    record = await world.record()
    assert (record["token_value"], record["verdict"]) == (CARD, "Accepted")
    assert record["trail"]["record"] == [{"remark": "FURTHER_TOKEN", "count": 2}]


async def test_C02_FR_02_a_start_button_needs_no_token_on_record(world: World, version: Version) -> None:
    station = speaker(world, version)
    request = station.compose("Started", 0, "Authorized", state="EVConnected")
    answer = await station.say("TransactionEvent", {**request, "idToken": {"idToken": "", "type": "NoAuthorization"}})
    assert answer == {"idTokenInfo": {"status": "Accepted"}}
    assert (await world.record())["verdict"] == "Accepted"


async def test_a_token_in_use_at_another_EVSE_is_concurrent_but_its_own_transaction_is_not(
    world: World, version: Version
) -> None:
    first = speaker(world, version, wire_id="one")
    await first.begin(0, 1000)
    # Some stations repeat the token with every event.
    assert (await first.event("Updated", 10, "MeterValuePeriodic", token=CARD, wh=1100))["idTokenInfo"] == ACCEPTED
    second = speaker(world, version, wire_id="two", evse_id=2)
    answer = await second.begin(20, 1000)
    assert answer["idTokenInfo"]["status"] == "ConcurrentTx"
    (refused,) = [data for _, data in await world.happened("TokenJudged") if data["verdict"] == "ConcurrentTx"]
    assert refused["transactions"] == ["1"]
    await first.end(30, 1200)
    third = speaker(world, version, wire_id="three", evse_id=3)
    assert (await third.begin(40, 1000))["idTokenInfo"]["status"] == "Accepted"


async def test_authorization_is_told_which_transactions_are_open(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    async with world.store.work() as work:
        (mine,) = await open_transactions(work, Token(CARD.lower(), "ISO14443"), None)
        assert (mine.transaction_id, mine.station_id, mine.token.value) == ("1", "CS1", CARD)
        (friends,) = await open_transactions(work, Token(FRIEND, "ISO14443"), Token("family", "Central"))
        assert friends.transaction_id == "1"
        assert await open_transactions(work, Token(FRIEND, "ISO14443"), None) == []
        judged = await judge(
            work,
            world.station,
            Token(CARD, "ISO14443"),
            work.now,
            asked=Asked.TO_START,
            open_transactions=open_transactions,
        )
    assert judged.verdict == "ConcurrentTx"


async def test_H_E01_FR_13_F01_FR_25_reservation_and_remote_start_are_on_record(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000, info={"remoteStartId": 77}, reservationId=5)
    await station.event("Updated", 10, "ChargingStateChanged", state="Charging", info={"remoteStartId": 77})
    record = await world.record()
    assert (record["remote_start_id"], record["reservation_id"]) == (77, 5)


async def test_the_time_the_station_counted_itself_counts(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    await station.event("Updated", 10, "ChargingStateChanged", state="Charging")
    await station.end(100, 1500, info={"timeSpentCharging": 42})
    record = await world.record()
    assert (record["charging_s"], record["idle_s"]) == (42, 58)
    assert record["trail"]["record"] == [{"remark": "TIME_SAID_BY_STATION", "detail": "90"}]


async def test_a_new_transaction_on_the_EVSE_closes_what_never_ended(world: World, version: Version) -> None:
    lost = speaker(world, version, wire_id="lost")
    await lost.begin(0, 1000)
    await lost.meter(60, 1400)
    other = speaker(world, version, wire_id="other")
    await other.begin(600, 1500)
    assert [record["ended_by"] for record in await world.records()] == ["successor", ""]
    await lost.end(90, 1450)
    record = (await world.records())[0]
    assert (record["ended_by"], record["energy_imported_wh"]) == ("station", 450)


async def test_an_offline_session_that_comes_after_a_newer_one_does_not_close_it(
    world: World, version: Version
) -> None:
    await world.clock.advance(600)
    newer = speaker(world, version, wire_id="newer")
    await newer.begin(600, 1500)
    older = speaker(world, version, wire_id="older")
    await older.begin(0, 1000, token=FRIEND, offline=True)
    assert [record["ended_by"] for record in await world.records()] == ["", "successor"]
    await older.end(90, 1450, token=FRIEND, offline=True)
    assert [record["ended_by"] for record in await world.records()] == ["", "station"]
    await newer.meter(700, 1600)


GET_STATUS: dict[str, tuple[str | None, Json]] = {
    "TC_E_29_CSMS": ("tx-1", {"ongoingIndicator": True, "messagesInQueue": True}),
    "TC_E_30_CSMS": ("tx-1", {"ongoingIndicator": True, "messagesInQueue": False}),
    "TC_E_31_CSMS": ("tx-1", {"ongoingIndicator": False, "messagesInQueue": True}),
    "TC_E_33_CSMS": (None, {"messagesInQueue": True}),
    "TC_E_34_CSMS": (None, {"messagesInQueue": False}),
}


@pytest.mark.parametrize("case", GET_STATUS)
async def test_TC_E_29_TC_E_30_TC_E_31_TC_E_33_TC_E_34_CSMS_E14_a_station_says_how_a_transaction_stands(
    world: World, version: Version, case: str
) -> None:
    wire_id, reply = GET_STATUS[case]
    link = world.link(version)
    wire = Wire(version)
    wire.answers["GetTransactionStatus"] = reply
    link._door = wire
    said = link.dialect.says[GetTransactionStatus]
    outcome = await said.say(link, GetTransactionStatus(wire_id))
    assert wire.asked == [("GetTransactionStatus", {"transactionId": wire_id} if wire_id else {})]
    assert outcome.status is CommandStatus.ACCEPTED
    expected: Json = {"messagesInQueue": reply["messagesInQueue"]}
    expected |= {"ongoing": reply["ongoingIndicator"]} if "ongoingIndicator" in reply else {}
    assert outcome.result == expected


async def test_a_secret_code_is_in_no_event(world: World, version: Version) -> None:
    async with world.store.work() as work:
        from forecourt.csms.blocks.authorization import tokens
        from forecourt.csms.blocks.authorization.model import Medium, TokenData
        from tests.csms.blocks.transactions.world import US

        await tokens.add(work, US, TokenData(token=Token("735901", "KeyCode"), medium=Medium.CODE))
    station = speaker(world, version)
    request = station.compose("Started", 0, "Authorized", state="EVConnected")
    await station.say("TransactionEvent", {**request, "idToken": {"idToken": "735901", "type": "KeyCode"}})
    events = await world.happened("T")
    assert {kind for kind, _ in events} >= {"TransactionStarted", "TokenJudged"}
    assert "735901" not in json.dumps([data for kind, data in events])


async def test_1_6_has_no_words_for_the_status_of_a_transaction(world: World, version: Version) -> None:
    assert GetTransactionStatus not in world.link(V16).dialect.says
    assert GetTransactionStatus in world.link(version).dialect.says
