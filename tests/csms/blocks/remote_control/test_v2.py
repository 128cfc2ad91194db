"""Remote control in the words of 2.0.1 and 2.1, bytes in and bytes out."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Connector, Evse, Topology
from forecourt.csms.blocks.remote_control import v2
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging, Trigger, UnlockConnector, Wish
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.blocks.transactions.model import LimitsBody, Reference, TransactionKey
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration, Station
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError, Invalid, NoAnswer, NotFound
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.versions import V21, V201, Version
from tests.csms.blocks.availability.world import BOTH_2, Json, Wire, in_turn, link_of, rows, say, station_of

both = pytest.mark.parametrize("version", BOTH_2, ids=str)

TOKEN = Token("04A1B2C3", "ISO14443")
WORDS = {"idToken": "04A1B2C3", "type": "ISO14443"}
THREE = Topology(
    (
        Evse(EvseId(1), (Connector(ConnectorId(1)), Connector(ConnectorId(2)))),
        Evse(EvseId(2), (Connector(ConnectorId(1)),)),
    )
)


BLOCK = cast("Transactions", SimpleNamespace(currency="EUR"))
PROMISED = "SELECT remote_start_id, token_key, evse_id, limits FROM transaction_promise"


def at(store: Store, version: Version, station: Station | None = None) -> tuple[Link, Wire]:
    return link_of(version, v2.HEARS, v2.says(BLOCK, store), station)


@both
async def test_TC_F_01_CSMS_F01_FR_13_a_transaction_that_waited_is_started(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version)
    wire.answers["RequestStartTransaction"] = {"status": "Accepted", "transactionId": "tx-1"}
    outcome = await say(link, StartCharging(TOKEN, 1, group=Token("fleet", "Central"), remote_start_id=42))
    assert outcome == Outcome.accepted("Accepted", remoteStartId=42, transactionId="tx-1")
    group = {"idToken": "fleet", "type": "Central"}
    said = {"evseId": 1, "groupIdToken": group, "idToken": WORDS, "remoteStartId": 42}
    assert wire.told == [("RequestStartTransaction", said)]


@both
async def test_TC_F_02_TC_F_03_TC_F_04_CSMS_F02_FR_01_each_remote_start_has_a_number_of_its_own(
    peopled: Store, version: Version
) -> None:
    link, wire = at(peopled, version)
    outcomes = [await say(link, StartCharging(TOKEN)) for _ in range(3)]
    numbers = [request["remoteStartId"] for _, request in wire.told]
    assert len(set(numbers)) == 3
    assert [dict(outcome.result) for outcome in outcomes] == [{"remoteStartId": number} for number in numbers]
    # F01.FR.06: the station chooses the EVSE.
    assert [request.keys() for _, request in wire.told] == [{"idToken", "remoteStartId"}] * 3
    assert [request["idToken"] for _, request in wire.told] == [WORDS] * 3


@both
async def test_E16_FR_02_limits_of_a_start_are_kept_for_its_transaction_and_not_said_with_it(
    peopled: Store, version: Version
) -> None:
    link, wire = at(peopled, version)
    limits = LimitsBody(energy_wh=5000, time_s=600, cost="12.50", soc_percent=80)
    await say(link, StartCharging(TOKEN, 1, remote_start_id=42, limits=limits))
    assert wire.told == [("RequestStartTransaction", {"evseId": 1, "idToken": WORDS, "remoteStartId": 42})]
    kept = {"energyWh": "5000", "timeS": 600, "cost": "12.50", "currency": "EUR", "socPercent": 80}
    assert await rows(peopled, PROMISED) == [(42, TOKEN.key, 1, kept)]


@both
@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"status": "Rejected"}, 0),
        (AnsweredError("InternalError", "it does not"), 0),
        # It may have begun.
        (NoAnswer("RequestStartTransaction", 30.0), 1),
    ],
    ids=["refused", "an error", "no answer"],
)
async def test_limits_of_a_start_that_is_refused_are_forgotten(
    peopled: Store, version: Version, answer: Any, kept: int
) -> None:
    link, wire = at(peopled, version)
    wire.answers["RequestStartTransaction"] = answer
    with suppress(AnsweredError, NoAnswer):
        await say(link, StartCharging(TOKEN, 1, limits=LimitsBody(time_s=600)))
    assert len(await rows(peopled, PROMISED)) == kept


@both
async def test_F01_FR_23_a_station_may_refuse_to_start_and_say_why(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version)
    wire.answers["RequestStartTransaction"] = {"status": "Rejected", "statusInfo": {"reasonCode": "FixedCable"}}
    outcome = await say(link, StartCharging(TOKEN, 1, remote_start_id=1))
    assert outcome == Outcome.refused("Rejected", remoteStartId=1, reasonCode="FixedCable")


@both
async def test_a_token_without_type_is_said_to_be_a_card(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version)
    await say(link, StartCharging(Token.untyped("04A1B2C3"), 1))
    assert wire.told[0][1]["idToken"] == WORDS


async def test_a_type_of_token_that_the_version_does_not_have_is_refused(peopled: Store) -> None:
    command = StartCharging(Token("VIN1", "VIN"), 1)
    link, wire = at(peopled, V201)
    with pytest.raises(LocalProtocolError) as refused:
        await say(link, command)
    assert "type" in refused.value.path
    assert wire.told == []
    link, wire = at(peopled, V21)
    await say(link, command)
    assert wire.told[0][1]["idToken"] == {"idToken": "VIN1", "type": "VIN"}


@both
@pytest.mark.parametrize("word", ["Accepted", "Rejected"])
async def test_F03_FR_01_a_transaction_is_stopped_by_the_stations_own_id(
    peopled: Store, version: Version, word: str
) -> None:
    link, wire = at(peopled, version)
    wire.answers["RequestStopTransaction"] = {"status": word}
    outcome = await say(link, StopCharging(Reference(TransactionKey(1), "tx-1", None, 1)))
    assert outcome == Outcome.accepted_if(word == "Accepted", word)
    assert wire.told == [("RequestStopTransaction", {"transactionId": "tx-1"})]


@both
@pytest.mark.parametrize("word", ["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"])
async def test_TC_F_06_CSMS_F05_FR_02_F05_FR_03_F05_FR_04_F05_FR_05_a_connector_is_unlocked_or_not(
    peopled: Store, version: Version, word: str
) -> None:
    link, wire = at(peopled, version)
    wire.answers["UnlockConnector"] = {"status": word}
    assert await say(link, UnlockConnector(1, 2)) == Outcome.accepted_if(word == "Unlocked", word)
    assert wire.told == [("UnlockConnector", {"evseId": 1, "connectorId": 2})]


@both
async def test_the_only_connector_of_an_evse_need_not_be_named(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version, station_of(topology=THREE))
    wire.answers["UnlockConnector"] = {"status": "Unlocked"}
    await say(link, UnlockConnector(2))
    with pytest.raises(Invalid):
        await say(link, UnlockConnector(1))
    with pytest.raises(NotFound):
        await say(link, UnlockConnector(3))
    assert wire.told == [("UnlockConnector", {"evseId": 2, "connectorId": 1})]


@both
@pytest.mark.parametrize(
    ("case", "command", "said"),
    [
        ("TC_F_11_CSMS", Trigger(Wish.METER_VALUES, 1), {"requestedMessage": "MeterValues", "evse": {"id": 1}}),
        ("TC_F_12_CSMS", Trigger(Wish.METER_VALUES), {"requestedMessage": "MeterValues"}),
        (
            "TC_F_13_CSMS",
            Trigger(Wish.TRANSACTION_EVENT, 1),
            {"requestedMessage": "TransactionEvent", "evse": {"id": 1}},
        ),
        ("TC_F_14_CSMS", Trigger(Wish.TRANSACTION_EVENT), {"requestedMessage": "TransactionEvent"}),
        ("TC_F_15_CSMS", Trigger(Wish.LOG_STATUS), {"requestedMessage": "LogStatusNotification"}),
        ("", Trigger(Wish.DIAGNOSTICS_STATUS), {"requestedMessage": "LogStatusNotification"}),
        ("TC_F_18_CSMS", Trigger(Wish.FIRMWARE_STATUS), {"requestedMessage": "FirmwareStatusNotification"}),
        ("TC_F_20_CSMS", Trigger(Wish.HEARTBEAT), {"requestedMessage": "Heartbeat"}),
        ("", Trigger(Wish.SIGN_CERTIFICATE), {"requestedMessage": "SignChargingStationCertificate"}),
        (
            "TC_F_23_CSMS, TC_F_24_CSMS",
            Trigger(Wish.STATUS_NOTIFICATION, 1, 2),
            {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 2}},
        ),
        (
            "F06.FR.13",
            Trigger(Wish.STATUS_NOTIFICATION, 4),
            {"requestedMessage": "StatusNotification", "evse": {"id": 4, "connectorId": 1}},
        ),
    ],
)
async def test_TC_F_11_TC_F_12_TC_F_13_TC_F_14_TC_F_15_TC_F_18_TC_F_20_TC_F_23_TC_F_24_CSMS_a_message_is_asked_for(
    peopled: Store, version: Version, case: str, command: Trigger, said: Json
) -> None:
    link, wire = at(peopled, version)
    assert await say(link, command) == Outcome.accepted("Accepted")
    assert wire.told == [("TriggerMessage", said)]


@both
async def test_F06_FR_13_states_are_asked_for_connector_by_connector(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version, station_of(topology=THREE))
    wire.answers["TriggerMessage"] = in_turn([{"status": "Accepted"}, {"status": "Rejected"}, {"status": "Accepted"}])
    assert await say(link, Trigger(Wish.STATUS_NOTIFICATION)) == Outcome.accepted("Accepted", refused="1 of 3")
    assert [request["evse"] for _, request in wire.told] == [
        {"id": 1, "connectorId": 1},
        {"id": 1, "connectorId": 2},
        {"id": 2, "connectorId": 1},
    ]
    wire.answers["TriggerMessage"] = {"status": "Rejected"}
    assert await say(link, Trigger(Wish.STATUS_NOTIFICATION, 1)) == Outcome.refused("Rejected")
    assert [request["evse"] for _, request in wire.told[3:]] == [
        {"id": 1, "connectorId": 1},
        {"id": 1, "connectorId": 2},
    ]
    link, wire = at(peopled, version)
    with pytest.raises(Invalid, match=r"F06\.FR\.13"):
        await say(link, Trigger(Wish.STATUS_NOTIFICATION))


@both
async def test_TC_F_27_CSMS_F06_FR_08_a_station_may_not_have_the_message(peopled: Store, version: Version) -> None:
    link, wire = at(peopled, version)
    info = {"reasonCode": "UnsupportedRequest", "additionalInfo": "no logs here"}
    wire.answers["TriggerMessage"] = {"status": "NotImplemented", "statusInfo": info}
    assert await say(link, Trigger(Wish.LOG_STATUS)) == Outcome.refused("NotImplemented", **info)


async def test_F06_FR_20_a_custom_trigger_is_sent_where_the_version_has_them(peopled: Store) -> None:
    command = Trigger(Wish.CUSTOM, custom="SendDoorState")
    link, wire = at(peopled, V21)
    await say(link, command)
    assert wire.told == [("TriggerMessage", {"requestedMessage": "CustomTrigger", "customTrigger": "SendDoorState"})]
    link, wire = at(peopled, V201)
    with pytest.raises(LocalProtocolError):
        await say(link, command)
    for wish, custom in ((Wish.CUSTOM, ""), (Wish.HEARTBEAT, "SendDoorState")):
        with pytest.raises(Invalid):
            Trigger(wish, custom=custom)


@both
async def test_B02_FR_02_a_station_that_waits_may_send_what_it_was_asked_for(peopled: Store, version: Version) -> None:
    station = station_of(topology=THREE)
    station.registration = Registration.PENDING
    link, _ = at(peopled, version, station)
    await say(link, Trigger(Wish.STATUS_NOTIFICATION))
    await say(link, Trigger(Wish.HEARTBEAT))
    assert link.asked_for == {"StatusNotification", "NotifyEvent", "Heartbeat"}


def test_a_start_names_a_token_and_a_connector_its_evse() -> None:
    with pytest.raises(Invalid):
        StartCharging(Token(""))
    with pytest.raises(Invalid):
        StartCharging(TOKEN, connector_id=1)
    with pytest.raises(Invalid):
        Trigger(Wish.METER_VALUES, connector_id=1)
