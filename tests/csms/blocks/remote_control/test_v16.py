"""Remote control in the words of 1.6, bytes in and bytes out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.blocks.remote_control import v16
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging, Trigger, UnlockConnector, Wish
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.blocks.transactions.model import LimitsBody, Reference, TransactionKey
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration, Station
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid, NoAnswer
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.versions import V16
from tests.csms.blocks.availability.world import Json, Wire, link_of, rows, say, station_of

TAG = Token.untyped("04A1B2C3")
TWO_ON_ONE = Topology(
    (Evse(EvseId(1), (Connector(ConnectorId(1)), Connector(ConnectorId(2)))),),
    {1: Place(EvseId(1), ConnectorId(1)), 2: Place(EvseId(1), ConnectorId(2))},
)


BLOCK = cast("Transactions", SimpleNamespace(currency="EUR"))
NO_STORE = cast("Store", None)


def at(station: Station | None = None, store: Store | None = None) -> tuple[Link, Wire]:
    return link_of(V16, v16.HEARS, v16.says(BLOCK, store or NO_STORE), station)


def running(number: int | None = 7) -> Reference:
    return Reference(TransactionKey(1), "7", number, 1)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (StartCharging(TAG, 1), {"idTag": "04A1B2C3", "connectorId": 1}),
        (StartCharging(TAG, 1, 1), {"idTag": "04A1B2C3", "connectorId": 1}),
        (StartCharging(TAG, 2, remote_start_id=5, group=Token("fleet")), {"idTag": "04A1B2C3", "connectorId": 2}),
        (StartCharging(TAG), {"idTag": "04A1B2C3"}),
    ],
)
@pytest.mark.parametrize("topology", [None, Topology.flat_default(1), Topology.flat_default(2)])
async def test_TC_010_TC_011_1_CSMS_a_transaction_is_started(
    command: StartCharging, said: Json, topology: Topology | None
) -> None:
    link, wire = at(station_of(topology=topology))
    assert await say(link, command) == Outcome.accepted("Accepted")
    assert wire.told == [("RemoteStartTransaction", said)]


async def test_TC_026_CSMS_a_station_may_refuse_to_start() -> None:
    link, wire = at()
    wire.answers["RemoteStartTransaction"] = {"status": "Rejected"}
    assert await say(link, StartCharging(TAG, 1)) == Outcome.refused("Rejected")


@pytest.mark.parametrize(("word", "kept"), [("Accepted", 1), ("Rejected", 0)])
async def test_limits_of_a_start_are_kept_by_its_token(peopled: Store, word: str, kept: int) -> None:
    link, wire = at(store=peopled)
    wire.answers["RemoteStartTransaction"] = {"status": word}
    await say(link, StartCharging(TAG, 1, limits=LimitsBody(time_s=600)))
    assert wire.told == [("RemoteStartTransaction", {"idTag": "04A1B2C3", "connectorId": 1})]
    found = await rows(peopled, "SELECT remote_start_id, token_key, evse_id, limits FROM transaction_promise")
    assert found == [(None, TAG.key, 1, {"timeS": 600})] * kept


async def test_one_of_two_connectors_of_an_evse_has_to_be_named() -> None:
    link, wire = at(station_of(topology=TWO_ON_ONE))
    with pytest.raises(Invalid):
        await say(link, StartCharging(TAG, 1))
    await say(link, StartCharging(TAG, 1, 2))
    assert wire.told == [("RemoteStartTransaction", {"idTag": "04A1B2C3", "connectorId": 2})]


async def test_a_token_that_is_too_long_for_this_version_is_not_cut() -> None:
    link, wire = at()
    with pytest.raises(LocalProtocolError):
        await say(link, StartCharging(Token("x" * 21)))
    assert wire.told == []


async def test_TC_012_CSMS_a_transaction_is_stopped_by_its_number() -> None:
    link, wire = at()
    assert await say(link, StopCharging(running())) == Outcome.accepted("Accepted")
    assert wire.told == [("RemoteStopTransaction", {"transactionId": 7})]


async def test_TC_028_CSMS_a_station_may_not_know_the_transaction() -> None:
    link, wire = at()
    wire.answers["RemoteStopTransaction"] = {"status": "Rejected"}
    assert await say(link, StopCharging(running())) == Outcome.refused("Rejected")
    with pytest.raises(Invalid, match="number"):
        await say(link, StopCharging(running(None)))


@pytest.mark.parametrize(
    ("case", "word", "outcome"),
    [
        ("TC_017_1_CSMS, TC_018_1_CSMS", "Unlocked", Outcome.accepted("Unlocked")),
        ("TC_030_CSMS", "UnlockFailed", Outcome.refused("UnlockFailed")),
        ("TC_017_2_CSMS, TC_031_CSMS", "NotSupported", Outcome.refused("NotSupported")),
    ],
)
async def test_TC_017_1_TC_017_2_TC_018_1_TC_030_TC_031_CSMS_a_connector_is_unlocked_or_not(
    case: str, word: str, outcome: Outcome
) -> None:
    link, wire = at(station_of(topology=TWO_ON_ONE))
    wire.answers["UnlockConnector"] = {"status": word}
    assert await say(link, UnlockConnector(1, 2)) == outcome
    assert wire.told == [("UnlockConnector", {"connectorId": 2})]


@pytest.mark.parametrize(
    ("wish", "action", "asked"),
    [
        (Wish.METER_VALUES, "TriggerMessage", "MeterValues"),
        (Wish.HEARTBEAT, "TriggerMessage", "Heartbeat"),
        (Wish.STATUS_NOTIFICATION, "TriggerMessage", "StatusNotification"),
        (Wish.DIAGNOSTICS_STATUS, "TriggerMessage", "DiagnosticsStatusNotification"),
        (Wish.FIRMWARE_STATUS, "TriggerMessage", "FirmwareStatusNotification"),
        (Wish.BOOT_NOTIFICATION, "TriggerMessage", "BootNotification"),
        (Wish.LOG_STATUS, "ExtendedTriggerMessage", "LogStatusNotification"),
        (Wish.SIGNED_FIRMWARE_STATUS, "ExtendedTriggerMessage", "FirmwareStatusNotification"),
        (Wish.SIGN_CERTIFICATE, "ExtendedTriggerMessage", "SignChargePointCertificate"),
    ],
)
async def test_TC_054_CSMS_a_message_is_asked_for(wish: Wish, action: str, asked: str) -> None:
    link, wire = at()
    assert await say(link, Trigger(wish, 1)) == Outcome.accepted("Accepted")
    assert await say(link, Trigger(wish)) == Outcome.accepted("Accepted")
    assert wire.told == [
        (action, {"requestedMessage": asked, "connectorId": 1}),
        (action, {"requestedMessage": asked}),
    ]


@pytest.mark.parametrize("word", ["Rejected", "NotImplemented"])
async def test_TC_055_CSMS_a_station_may_refuse_to_send_a_message(word: str) -> None:
    link, wire = at(station_of(topology=Topology.flat_default(1)))
    wire.answers["TriggerMessage"] = {"status": word}
    # A connector it does not have: the station decides.
    assert await say(link, Trigger(Wish.METER_VALUES, 2)) == Outcome.refused(word)
    assert wire.told == [("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 2})]


@pytest.mark.parametrize("wish", [Wish.TRANSACTION_EVENT, Wish.SIGN_V2G_CERTIFICATE, Wish.PUBLISH_FIRMWARE_STATUS])
async def test_what_this_version_cannot_ask_for_is_refused(wish: Wish) -> None:
    link, wire = at()
    with pytest.raises(Invalid):
        await say(link, Trigger(wish))
    assert wire.told == []


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        ({"status": "Accepted"}, {"SignCertificate"}),
        ({"status": "Rejected"}, set()),
        (NoAnswer("CS1", 30.0), set()),
    ],
)
async def test_B02_FR_02_a_station_that_waits_may_send_what_it_was_asked_for(answer: Any, allowed: set[str]) -> None:
    station = station_of()
    station.registration = Registration.PENDING
    link, wire = at(station)
    meanwhile = []

    def asked(request: Json) -> Any:
        meanwhile.append(link.asked_for)
        return answer

    wire.answers["ExtendedTriggerMessage"] = asked
    try:
        await say(link, Trigger(Wish.SIGN_CERTIFICATE))
    except NoAnswer:
        pass
    # What it sends may arrive before we have looked at its answer.
    assert meanwhile == [{"SignCertificate"}]
    assert link.asked_for == allowed


async def test_a_station_that_is_accepted_needs_no_leave() -> None:
    link, _ = at()
    await say(link, Trigger(Wish.HEARTBEAT))
    assert link.asked_for == frozenset()
