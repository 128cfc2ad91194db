"""Resets and network profiles, and that every message of this block is heard or said in every version."""

from __future__ import annotations

import json

import msgspec
import pytest

from forecourt.csms.blocks.provisioning.commands import (
    Apn,
    GetVariables,
    NetworkProfile,
    RequestBoot,
    RequestReport,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
    Vpn,
)
from forecourt.csms.redaction import redacted_value
from forecourt.csms.stations.commands import Command, CommandStatus
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.provisioning.world import BOTH_2, VERSIONS, world_of

PROFILE = NetworkProfile(csms_url="wss://csms.example.org/ocpp", interface="Wired0", security_profile=2)


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_message_of_this_block_is_heard_or_said(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    dialect = world.link.dialect
    said = {message for how in dialect.says.values() for message in how.messages}
    mine = [action for action in version.actions.values() if action.block == "B"]
    assert {action.request for action in mine if action.from_station} == set(dialect.hears)
    assert {action.request for action in mine if action.from_csms} <= said
    assert len(mine) == (4 if version is V16 else 8)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_a_station_can_be_given_is_one_reset_and_not_one_per_version(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    everywhere: set[type[Command]] = {GetVariables, SetVariables, RequestReport, Reset, RequestBoot}
    assert set(world.link.dialect.says) == everywhere | (set() if version is V16 else {SetNetworkProfile})


@pytest.mark.parametrize(("kind", "word"), [(ResetKind.IMMEDIATE, "Hard"), (ResetKind.ON_IDLE, "Soft")])
async def test_TC_013_CSMS_TC_014_CSMS_a_station_is_reset(store: Store, kind: ResetKind, word: str) -> None:
    world = await world_of(store, V16)
    outcome = await world.say(Reset(kind))
    assert world.wire.told == [("Reset", {"type": word})]
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "Accepted")
    world.wire.answers["Reset"] = {"status": "Rejected"}
    assert (await world.say(Reset(kind))).status is CommandStatus.REFUSED


@pytest.mark.parametrize("command", [Reset(ResetKind.IMMEDIATE_AND_RESUME), Reset(ResetKind.IMMEDIATE, 1)])
async def test_1_6_resets_the_whole_station_or_nothing(store: Store, command: Reset) -> None:
    world = await world_of(store, V16)
    with pytest.raises(Invalid):
        await world.say(command)
    assert world.wire.told == []


@pytest.mark.parametrize("evse_id", [None, 2])
@pytest.mark.parametrize("kind", [ResetKind.IMMEDIATE, ResetKind.ON_IDLE])
@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_20_CSMS_TC_B_21_CSMS_TC_B_22_CSMS_TC_B_25_CSMS_TC_B_26_CSMS_TC_B_27_CSMS_a_station_or_an_evse_is_reset(
    store: Store, version: Version, kind: ResetKind, evse_id: int | None
) -> None:
    world = await world_of(store, version)
    outcome = await world.say(Reset(kind, evse_id))
    # The EVSE must be left out unless one is meant.
    where = {} if evse_id is None else {"evseId": evse_id}
    assert world.wire.told == [("Reset", {"type": kind.value, **where})]
    assert outcome.status is CommandStatus.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "status"), [("Scheduled", CommandStatus.ACCEPTED), ("Rejected", CommandStatus.REFUSED)]
)
async def test_B11_FR_06_B11_FR_07_a_reset_is_scheduled_or_refused(
    store: Store, answer: str, status: CommandStatus
) -> None:
    world = await world_of(store, V201)
    world.wire.answers["Reset"] = {"status": answer, "statusInfo": {"reasonCode": "InProgress"}}
    outcome = await world.say(Reset())
    assert (outcome.status, outcome.reason, outcome.result["reasonCode"]) == (status, answer, "InProgress")


async def test_B13_a_reset_that_resumes_transactions_is_known_to_2_1_only(store: Store) -> None:
    world = await world_of(store, V21)
    await world.say(Reset(ResetKind.IMMEDIATE_AND_RESUME))
    assert world.wire.told == [("Reset", {"type": "ImmediateAndResume"})]


async def test_B13_2_0_1_cannot_say_it(store: Store) -> None:
    world = await world_of(store, V201)
    with pytest.raises(LocalProtocolError):
        await world.say(Reset(ResetKind.IMMEDIATE_AND_RESUME))


@pytest.mark.parametrize(("version", "word"), [(V201, "OCPP20"), (V21, "OCPP21")])
async def test_TC_B_42_CSMS_a_network_profile_is_set(store: Store, version: Version, word: str) -> None:
    world = await world_of(store, version)
    outcome = await world.say(SetNetworkProfile(1, PROFILE))
    assert world.wire.told == [
        (
            "SetNetworkProfile",
            {
                "configurationSlot": 1,
                "connectionData": {
                    "ocppVersion": word,
                    "ocppTransport": "JSON",
                    "ocppInterface": "Wired0",
                    "ocppCsmsUrl": "wss://csms.example.org/ocpp",
                    "messageTimeout": 30,
                    "securityProfile": 2,
                },
            },
        )
    ]
    assert outcome.status is CommandStatus.ACCEPTED


@pytest.mark.parametrize("status", ["Failed", "Rejected"])
async def test_TC_B_44_CSMS_a_network_profile_is_not_taken(store: Store, status: str) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetNetworkProfile"] = {
        "status": status,
        "statusInfo": {"reasonCode": "InvalidConfSlot", "additionalInfo": "slot 9"},
    }
    outcome = await world.say(SetNetworkProfile(9, PROFILE))
    assert (outcome.status, outcome.reason) == (CommandStatus.REFUSED, status)
    assert dict(outcome.result) == {"reasonCode": "InvalidConfSlot", "additionalInfo": "slot 9"}


async def test_mobile_and_private_networks_are_said_and_their_secrets_not_kept(store: Store) -> None:
    world = await world_of(store, V21)
    profile = NetworkProfile(
        csms_url="wss://csms.example.org/ocpp",
        interface="Wireless0",
        security_profile=1,
        identity="CS1",
        basic_auth_password="secret-password-1",
        apn=Apn(
            apn="internet",
            authentication="PAP",
            user_name="secret-user-2",
            password="secret-password-2",
            sim_pin=12345678,
        ),
        vpn=Vpn(
            server="vpn.example.org",
            user="secret-user-3",
            password="secret-password-3",
            key="secret-key-3",
            type="IKEv2",
        ),
    )
    command = SetNetworkProfile(1, profile)
    await world.say(command)
    ((_, payload),) = world.wire.told
    assert payload["connectionData"]["apn"] == {
        "apn": "internet",
        "apnAuthentication": "PAP",
        "apnUserName": "secret-user-2",
        "apnPassword": "secret-password-2",
        "simPin": 12345678,
        "useOnlyPreferredNetwork": False,
    }
    assert payload["connectionData"]["vpn"] == {
        "server": "vpn.example.org",
        "user": "secret-user-3",
        "password": "secret-password-3",
        "key": "secret-key-3",
        "type": "IKEv2",
    }
    assert payload["connectionData"]["basicAuthPassword"] == "secret-password-1"
    kept = json.dumps(redacted_value(msgspec.to_builtins(command)))
    assert "secret" not in kept
    assert "12345678" not in kept


async def test_a_profile_with_words_of_no_version_is_refused_and_nothing_sent(store: Store) -> None:
    world = await world_of(store, V201)
    wrong = NetworkProfile(csms_url="wss://csms.example.org", interface="Carrier pigeon", security_profile=1)
    with pytest.raises(Invalid):
        await world.say(SetNetworkProfile(1, wrong))
    later = NetworkProfile(csms_url="wss://csms.example.org", interface="Any", security_profile=1)
    with pytest.raises(LocalProtocolError):
        await world.say(SetNetworkProfile(1, later))
    assert world.wire.told == []


@pytest.mark.parametrize(
    "command",
    [
        Reset(ResetKind.IMMEDIATE, 2),
        SetNetworkProfile(1, PROFILE),
        RequestBoot(),
    ],
)
def test_a_command_comes_back_from_the_database_as_it_was(command: Command) -> None:
    stored = json.loads(json.dumps(msgspec.to_builtins(command)))
    assert msgspec.convert(stored, type(command)) == command
