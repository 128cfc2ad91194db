"""Any action of the station's version, as JSON that is checked before anything is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forecourt.csms.redaction import MASK, redacted_value
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.raw import SAYS, SendRaw
from forecourt.errors import AnsweredError, Invalid
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.availability.world import VERSIONS, link_of, say

every = pytest.mark.parametrize("version", VERSIONS, ids=str)


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        (V16, "Reset", {"type": "Soft"}),
        (V16, "GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
        (V201, "Reset", {"type": "OnIdle"}),
        (V201, "ClearCache", {"customData": {"vendorId": "org.example", "more": [1]}}),
        (V21, "UsePriorityCharging", {"transactionId": "tx-1", "activate": True}),
        (V21, "UpdateDynamicSchedule", {"chargingProfileId": 1, "scheduleUpdate": {"limit": 21.4}}),
    ],
)
async def test_any_action_of_the_version_is_sent_as_it_is(
    version: Version, action: str, payload: dict[str, Any]
) -> None:
    link, wire = link_of(version, {}, SAYS)
    assert (await say(link, SendRaw(action, payload))).status is CommandStatus.ACCEPTED
    assert wire.told == [(action, payload)]


@every
@pytest.mark.parametrize("action", ["Heartbeat", "BootNotification", "Telepathy", "reset", ""])
async def test_what_a_management_system_cannot_send_is_refused(version: Version, action: str) -> None:
    link, wire = link_of(version, {}, SAYS)
    with pytest.raises(Invalid) as refused:
        await say(link, SendRaw(action, {}))
    assert set(refused.value.fields) == {"action"}
    assert wire.told == []


@pytest.mark.parametrize(
    ("version", "action", "payload", "path"),
    [
        (V16, "Reset", {"type": "OnIdle"}, "payload.type"),
        (V201, "Reset", {"type": "Soft"}, "payload.type"),
        (V201, "Reset", {}, "payload.type"),
        (V201, "Reset", {"type": "OnIdle", "more": 1}, "payload.more"),
        (V201, "Reset", {"type": "OnIdle", "evseId": "1"}, "payload.evseId"),
        (V201, "Reset", {"type": "ImmediateAndResume"}, "payload.type"),
        (V16, "UsePriorityCharging", {}, "action"),
        (V201, "UsePriorityCharging", {}, "action"),
    ],
)
async def test_a_payload_that_is_not_exactly_as_the_version_has_it_is_refused_with_the_path(
    version: Version, action: str, payload: dict[str, Any], path: str
) -> None:
    link, wire = link_of(version, {}, SAYS)
    with pytest.raises(Invalid) as refused:
        await say(link, SendRaw(action, payload))
    assert set(refused.value.fields) == {path}
    assert wire.told == []


async def test_the_outcome_is_what_the_station_answered() -> None:
    link, wire = link_of(V201, {}, SAYS)
    wire.answers["Reset"] = {"status": "Scheduled", "statusInfo": {"reasonCode": "TxInProgress"}}
    outcome = await say(link, SendRaw("Reset", {"type": "OnIdle"}))
    assert outcome == Outcome.accepted("Scheduled", status="Scheduled", statusInfo={"reasonCode": "TxInProgress"})
    wire.answers["Reset"] = {"status": "Rejected"}
    assert await say(link, SendRaw("Reset", {"type": "OnIdle"})) == Outcome.refused("Rejected", status="Rejected")
    wire.answers["GetLocalListVersion"] = {"versionNumber": 7}
    assert await say(link, SendRaw("GetLocalListVersion", {})) == Outcome.accepted("Answered", versionNumber=7)
    wire.answers["Reset"] = AnsweredError("CS1", "NotSupported")
    with pytest.raises(AnsweredError):
        await say(link, SendRaw("Reset", {"type": "OnIdle"}))


SECRET = "correct horse battery staple"


@pytest.mark.parametrize(
    ("version", "action", "payload", "answer"),
    [
        (V16, "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}, {"status": "Accepted"}),
        (
            V16,
            "GetConfiguration",
            {"key": ["AuthorizationKey"]},
            {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]},
        ),
        (
            V201,
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "attributeValue": SECRET,
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                    }
                ]
            },
            {
                "setVariableResult": [
                    {
                        "attributeStatus": "Rejected",
                        "component": {"name": "SecurityCtrlr"},
                        "variable": {"name": "BasicAuthPassword"},
                        "attributeStatusInfo": {"reasonCode": "InvalidValue", "additionalInfo": f"not {SECRET}"},
                    }
                ]
            },
        ),
    ],
)
async def test_secrets_are_sent_and_not_kept(
    version: Version, action: str, payload: dict[str, Any], answer: dict[str, Any]
) -> None:
    link, wire = link_of(version, {}, SAYS)
    wire.answers[action] = answer
    command = SendRaw(action, payload)
    outcome = await say(link, command)
    assert wire.told == [(action, payload)], "the station gets it"
    assert SECRET not in str(outcome)
    kept = msgspec.json.encode(redacted_value(msgspec.to_builtins(command))).decode()
    assert SECRET not in kept
    assert (MASK in kept) is (SECRET in str(payload))


def test_a_raw_command_comes_back_from_the_database_as_it_was() -> None:
    command = SendRaw("Reset", {"type": "Soft", "nested": [{"a": 1.5}]})
    stored = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(command)))
    assert msgspec.convert(stored, SendRaw) == command
