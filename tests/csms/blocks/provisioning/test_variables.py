"""Reading and setting values, in every version, and what is kept of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from forecourt.csms.blocks.provisioning import actions
from forecourt.csms.blocks.provisioning.commands import GetVariables, SetVariables
from forecourt.csms.blocks.provisioning.model import (
    KEYS_COMPONENT,
    Attribute,
    Component,
    Given,
    Got,
    Name,
    Taken,
    Variable,
    VariableStatus,
)
from forecourt.csms.redaction import redacted_value
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.work import Store, Work
from forecourt.errors import AnsweredError, NoAnswer
from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport.tasks import Tasks
from tests.csms.blocks.provisioning.world import (
    BOTH_2,
    VERSIONS,
    Json,
    World,
    configuration,
    echo,
    result,
    world_of,
)

OFFLINE = Name.of("OCPPCommCtrlr", "OfflineThreshold")
SECRET = "topsecretkey"
REMOTE_START = Name.of("AuthCtrlr", "AuthorizeRemoteStart")
INTERVAL = Name.of("SampledDataCtrlr", "TxUpdatedInterval")


def got(outcome: Outcome) -> Sequence[Got]:
    found: Sequence[Got] = outcome.result["variables"]
    return found


def taken(outcome: Outcome) -> Sequence[Taken]:
    found: Sequence[Taken] = outcome.result["variables"]
    return found


def asked(world: World, action: str, field: str) -> list[list[tuple[str, str, str | None]]]:
    """What each message asked for: component, variable, instance."""
    return [
        [(one["component"]["name"], one["variable"]["name"], one["variable"].get("instance")) for one in payload[field]]
        for payload in world.wire.payloads(action)
    ]


async def limit(world: World, what: str, kind: str, value: int) -> None:
    """The station has reported how much it takes in one message."""
    async with world.store.work() as work:
        await actions.record_values(work, world.station, [(Name.of("DeviceDataCtrlr", what, kind), str(value))])


@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_06_CSMS_one_value_is_read_and_kept(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["GetVariables"] = echo({"OfflineThreshold": "60"})
    outcome = await world.say(GetVariables((OFFLINE,)))
    assert world.wire.told == [
        (
            "GetVariables",
            {"getVariableData": [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}]},
        )
    ]
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "Accepted")
    assert [(one.name, one.status, one.value) for one in got(outcome)] == [(OFFLINE, VariableStatus.ACCEPTED, "60")]
    assert await world.values() == {"ocppcommctrlr/offlinethreshold": "60"}


@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_07_CSMS_several_values_are_read_with_one_message(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["GetVariables"] = echo({"OfflineThreshold": "60", "AuthorizeRemoteStart": "true"})
    await world.say(GetVariables((OFFLINE, REMOTE_START)))
    assert asked(world, "GetVariables", "getVariableData") == [
        [("OCPPCommCtrlr", "OfflineThreshold", None), ("AuthCtrlr", "AuthorizeRemoteStart", None)]
    ]
    assert await world.values() == {
        "authctrlr/authorizeremotestart": "true",
        "ocppcommctrlr/offlinethreshold": "60",
    }


@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_08_CSMS_B06_FR_05_no_message_asks_for_more_values_than_the_station_takes(
    store: Store, version: Version
) -> None:
    world = await world_of(store, version)
    await limit(world, "ItemsPerMessage", "GetVariables", 4)
    world.wire.answers["GetVariables"] = echo({})
    data = [
        Name.of("DeviceDataCtrlr", what, kind)
        for what in ("ItemsPerMessage", "BytesPerMessage")
        for kind in ("GetReport", "GetVariables")
    ]
    await world.say(GetVariables((*data, REMOTE_START)))
    messages = asked(world, "GetVariables", "getVariableData")
    assert [len(message) for message in messages] == [4, 1]
    assert messages[0] == [
        ("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"),
        ("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
        ("DeviceDataCtrlr", "BytesPerMessage", "GetReport"),
        ("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"),
    ]


async def test_B06_FR_17_no_message_is_longer_than_the_station_takes(store: Store) -> None:
    world = await world_of(store, V201)
    await limit(world, "BytesPerMessage", "GetVariables", 250)
    world.wire.answers["GetVariables"] = echo({})
    await world.say(GetVariables((OFFLINE, REMOTE_START, INTERVAL)))
    assert all(len(json.dumps(payload)) <= 250 for payload in world.wire.payloads("GetVariables"))
    assert len(world.wire.told) > 1


@pytest.mark.parametrize("code", ["OccurrenceConstraintViolation", "FormatViolation"])
async def test_B06_FR_16_a_station_that_takes_less_than_it_says_is_asked_for_less(store: Store, code: str) -> None:
    world = await world_of(store, V201)
    answer = echo({"OfflineThreshold": "60", "AuthorizeRemoteStart": "true", "TxUpdatedInterval": "30"})

    def picky(request: Json) -> Json:
        if len(request["getVariableData"]) > 1:
            raise AnsweredError("CS1", code)
        return answer(request)

    world.wire.answers["GetVariables"] = picky
    outcome = await world.say(GetVariables((OFFLINE, REMOTE_START, INTERVAL)))
    assert [one.value for one in got(outcome)] == ["60", "true", "30"]


async def test_an_error_that_is_not_about_size_is_not_tried_again(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetVariables"] = AnsweredError("CS1", "InternalError")
    with pytest.raises(AnsweredError):
        await world.say(GetVariables((OFFLINE, REMOTE_START)))
    assert len(world.wire.told) == 1


@pytest.mark.parametrize("version", BOTH_2)
async def test_TC_B_09_CSMS_TC_B_10_CSMS_values_are_set_and_kept(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({})
    outcome = await world.say(SetVariables((Given.to(OFFLINE, "123"), Given.to(REMOTE_START, "false"))))
    assert world.wire.told == [
        (
            "SetVariables",
            {
                "setVariableData": [
                    {
                        "component": {"name": "OCPPCommCtrlr"},
                        "variable": {"name": "OfflineThreshold"},
                        "attributeValue": "123",
                    },
                    {
                        "component": {"name": "AuthCtrlr"},
                        "variable": {"name": "AuthorizeRemoteStart"},
                        "attributeValue": "false",
                    },
                ]
            },
        )
    ]
    assert outcome.status is CommandStatus.ACCEPTED
    assert await world.values() == {
        "authctrlr/authorizeremotestart": "false",
        "ocppcommctrlr/offlinethreshold": "123",
    }


async def test_B05_FR_13_two_values_for_one_variable_are_never_in_one_message(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetVariables"] = echo({})
    target = Given(OFFLINE.component, OFFLINE.variable, "9", Attribute.TARGET)
    await world.say(SetVariables((Given.to(OFFLINE, "1"), target, Given.to(OFFLINE, "2"))))
    messages = [[one["attributeValue"] for one in payload["setVariableData"]] for _, payload in world.wire.told]
    assert messages == [["1", "9"], ["2"]]
    assert await world.values() == {"ocppcommctrlr/offlinethreshold": "2"}


async def test_B05_FR_11_no_message_sets_more_values_than_the_station_takes(store: Store) -> None:
    world = await world_of(store, V21)
    await limit(world, "ItemsPerMessage", "SetVariables", 1)
    world.wire.answers["SetVariables"] = echo({})
    await world.say(SetVariables((Given.to(OFFLINE, "1"), Given.to(REMOTE_START, "true"))))
    assert [len(payload["setVariableData"]) for payload in world.wire.payloads("SetVariables")] == [1, 1]


@pytest.mark.parametrize("version", BOTH_2)
async def test_places_instances_and_attributes_are_named(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({})
    name = Name(Component("C", "ci", 1, 2), Variable("V", "vi"), Attribute.MAX_SET)
    await world.say(SetVariables((Given.to(name, "5"),)))
    (payload,) = world.wire.payloads("SetVariables")
    assert payload["setVariableData"] == [
        {
            "component": {"name": "C", "instance": "ci", "evse": {"id": 1, "connectorId": 2}},
            "variable": {"name": "V", "instance": "vi"},
            "attributeType": "MaxSet",
            "attributeValue": "5",
        }
    ]


@pytest.mark.parametrize(
    ("statuses", "reason"),
    [
        (["Rejected"], "Rejected"),
        (["UnknownVariable", "UnknownComponent"], "UnknownVariable, UnknownComponent"),
        (["Accepted", "Rejected"], "1 of 2: Rejected"),
    ],
)
async def test_one_value_that_is_refused_makes_the_command_refused_and_says_so(
    store: Store, statuses: list[str], reason: str
) -> None:
    world = await world_of(store, V201)
    names = [OFFLINE, REMOTE_START][: len(statuses)]
    world.wire.answers["SetVariables"] = {
        "setVariableResult": [
            result(name.component.name, name.variable.name, status=status)
            for name, status in zip(names, statuses, strict=True)
        ]
    }
    outcome = await world.say(SetVariables(tuple(Given.to(name, "1") for name in names)))
    assert (outcome.status, outcome.reason) == (CommandStatus.REFUSED, reason)
    assert [one.status for one in taken(outcome)] == statuses
    accepted = [name.path for name, status in zip(names, statuses, strict=True) if status == "Accepted"]
    assert list(await world.values()) == accepted


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_value_that_needs_a_reboot_is_accepted_but_not_in_use_yet(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({}, "RebootRequired")
    world.wire.answers["ChangeConfiguration"] = {"status": "RebootRequired"}
    outcome = await world.say(SetVariables((Given.to(INTERVAL, "60"),)))
    assert (outcome.status, outcome.reason) == (CommandStatus.ACCEPTED, "RebootRequired")
    assert await world.values() == {}


async def test_what_a_station_adds_to_its_word_is_told(store: Store) -> None:
    world = await world_of(store, V201)
    info = {"reasonCode": "ValueTooHigh", "additionalInfo": "at most 60"}
    refused = result("OCPPCommCtrlr", "OfflineThreshold", status="Rejected", attributeStatusInfo=info)
    world.wire.answers["SetVariables"] = {"setVariableResult": [refused]}
    outcome = await world.say(SetVariables((Given.to(OFFLINE, "99"),)))
    assert taken(outcome)[0].reason == "ValueTooHigh: at most 60"


async def test_B06_FR_01_a_value_that_is_missing_from_the_answer_is_not_taken_for_read(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetVariables"] = {"getVariableResult": [result("Other", "Thing", "1")]}
    outcome = await world.say(GetVariables((OFFLINE,)))
    assert outcome.status is CommandStatus.REFUSED
    assert got(outcome)[0].reason == "no result"
    assert await world.values() == {}


async def test_an_answer_that_spells_a_name_otherwise_is_understood(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["GetVariables"] = {
        "getVariableResult": [result("ocppcommctrlr", "OFFLINETHRESHOLD", "60", attributeType="Actual")]
    }
    outcome = await world.say(GetVariables((OFFLINE,)))
    assert [(one.name, one.value) for one in got(outcome)] == [(OFFLINE, "60")]


# 1.6


async def test_TC_019_2_CSMS_a_configuration_key_is_read_by_its_name(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration({"SupportedFeatureProfiles": "Core"})
    outcome = await world.say(GetVariables((Name.of(KEYS_COMPONENT, "SupportedFeatureProfiles"),)))
    assert world.wire.told == [("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})]
    assert [one.value for one in got(outcome)] == ["Core"]


async def test_TC_021_CSMS_a_configuration_key_is_set(store: Store) -> None:
    world = await world_of(store, V16)
    outcome = await world.say(SetVariables((Given.to(INTERVAL, "60"),)))
    assert world.wire.told == [("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"})]
    assert outcome.status is CommandStatus.ACCEPTED
    assert await world.values() == {"sampleddatactrlr/txupdatedinterval": "60"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [("NotSupported", VariableStatus.UNKNOWN_VARIABLE), ("Rejected", VariableStatus.REJECTED)],
)
async def test_TC_040_1_CSMS_TC_040_2_CSMS_a_refused_configuration_key_is_refused(
    store: Store, answer: str, status: VariableStatus
) -> None:
    world = await world_of(store, V16)
    world.wire.answers["ChangeConfiguration"] = {"status": answer}
    outcome = await world.say(SetVariables((Given.to(INTERVAL, "-1"),)))
    assert world.wire.told == [("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "-1"})]
    assert outcome.status is CommandStatus.REFUSED
    assert [(one.status, one.reason) for one in taken(outcome)] == [(status, answer)]
    assert await world.values() == {}


async def test_each_key_is_set_by_a_message_of_its_own_and_kept_even_if_a_later_one_fails(store: Store) -> None:
    world = await world_of(store, V16)

    def answer(request: Json) -> Json:
        if request["key"] == "HeartbeatInterval":
            raise NoAnswer("CS1", 30.0)
        return {"status": "Accepted"}

    world.wire.answers["ChangeConfiguration"] = answer
    heartbeat = Given.to(Name.of("OCPPCommCtrlr", "HeartbeatInterval"), "600")
    with pytest.raises(NoAnswer):
        await world.say(SetVariables((Given.to(INTERVAL, "60"), heartbeat)))
    assert [payload["key"] for _, payload in world.wire.told] == ["MeterValueSampleInterval", "HeartbeatInterval"]
    assert await world.values() == {"sampleddatactrlr/txupdatedinterval": "60"}


async def test_what_is_no_configuration_key_is_unknown_without_asking(store: Store) -> None:
    world = await world_of(store, V16)
    names = (
        OFFLINE,
        Name(Component("EVSE", evse_id=1), Variable("Power")),
        Name(INTERVAL.component, INTERVAL.variable, Attribute.TARGET),
    )
    unknown = [
        VariableStatus.UNKNOWN_VARIABLE,
        VariableStatus.UNKNOWN_COMPONENT,
        VariableStatus.NOT_SUPPORTED_ATTRIBUTE,
    ]
    assert [one.status for one in got(await world.say(GetVariables(names)))] == unknown
    outcome = await world.say(SetVariables(tuple(Given.to(name, "1") for name in names)))
    assert [one.status for one in taken(outcome)] == unknown
    assert world.wire.told == []


async def test_no_message_asks_for_more_keys_than_the_station_takes(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration({"GetConfigurationMaxKeys": "2"})
    await world.say(GetVariables((Name.of("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),)))
    vendors = tuple(Name.of(KEYS_COMPONENT, f"Key{number}") for number in range(5))
    await world.say(GetVariables(vendors))
    assert [payload["key"] for payload in world.wire.payloads("GetConfiguration")[1:]] == [
        ["Key0", "Key1"],
        ["Key2", "Key3"],
        ["Key4"],
    ]


async def test_a_key_that_the_station_does_not_know_is_an_unknown_variable(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration({"vendorkey": "1"})
    known, unknown = got(
        await world.say(GetVariables((Name.of(KEYS_COMPONENT, "VendorKey"), Name.of(KEYS_COMPONENT, "Other"))))
    )
    assert (known.status, known.value) == (VariableStatus.ACCEPTED, "1")
    assert (unknown.status, unknown.value) == (VariableStatus.UNKNOWN_VARIABLE, None)


async def test_a_limit_is_told_as_what_it_is(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration({"LocalAuthListMaxLength": "100"})
    (entries,) = got(await world.say(GetVariables((Name.of("LocalAuthListCtrlr", "Entries"),))))
    assert (entries.status, entries.value, entries.reason) == (VariableStatus.ACCEPTED, None, "maxLimit 100")
    assert await world.rows("SELECT value, max_limit FROM variable") == [(None, 100)]


@pytest.mark.parametrize("version", [V16])
async def test_a_value_that_its_version_cannot_say_is_refused_and_nothing_sent(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    with pytest.raises(LocalProtocolError):
        await world.say(SetVariables((Given.to(Name.of(KEYS_COMPONENT, "Key"), "x" * 501),)))
    assert world.wire.told == []


# What is kept


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_setting_that_changes_is_an_event_and_one_that_stays_is_not(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({})
    for value in ("60", "60", "30"):
        await world.say(SetVariables((Given.to(INTERVAL, value),)))
    (changed,) = await world.events("ConfigurationChanged")
    (change,) = changed["changes"]
    assert (change["component"], change["variable"]) == ("SampledDataCtrlr", "TxUpdatedInterval")
    assert (change["earlier"], change["value"]) == ("60", "30")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_secret_is_set_and_nowhere_kept(store: Store, version: Version) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({})
    world.wire.answers["GetConfiguration"] = configuration({"AuthorizationKey": SECRET})
    world.wire.answers["GetVariables"] = echo({"VpnPassword": SECRET})
    vpn = Name.of(KEYS_COMPONENT if version is V16 else "NetworkConfiguration", "VpnPassword")
    outcome = await world.say(SetVariables((Given.to(vpn, SECRET),)))
    assert outcome.status is CommandStatus.ACCEPTED
    password = Name.of("SecurityCtrlr", "BasicAuthPassword") if version is V16 else vpn
    read = await world.say(GetVariables((password,)))
    assert [one.value for one in got(read)] == [SECRET]
    assert await world.rows(f"SELECT count(*) FROM variable WHERE value LIKE '%{SECRET}%'") == [(0,)]
    assert await world.rows(f"SELECT count(*) FROM event WHERE data::text LIKE '%{SECRET}%'") == [(0,)]
    for kept in (outcome, read):
        # What is recorded of an outcome.
        assert SECRET not in json.dumps(redacted_value(msgspec.to_builtins(dict(kept.result))))


async def test_a_command_that_sets_a_secret_is_recorded_without_it(store: Store) -> None:
    world = await world_of(store, V201)
    world.wire.answers["SetVariables"] = echo({})
    tasks = Tasks()
    command = SetVariables((Given.to(Name.of("NetworkConfiguration", "VpnPassword"), SECRET),))
    await world.sending(tasks).ask(world.station, command, asked_by="ada")
    await world.until("SELECT status FROM command", [("accepted",)])
    await tasks.finish()
    assert await world.rows(f"SELECT count(*) FROM command WHERE arguments::text LIKE '%{SECRET}%'") == [(0,)]


@pytest.mark.parametrize("version", VERSIONS)
async def test_with_the_database_away_the_station_has_still_answered(
    store: Store, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await world_of(store, version)
    world.wire.answers["SetVariables"] = echo({})
    original = world.wire.call

    async def away(work: Work) -> None:
        raise StoreAway("away")

    async def then_away(message: Any, timeout_s: float | None, yields_after_s: float | None = None) -> Any:
        answer = await original(message, timeout_s, yields_after_s)
        monkeypatch.setattr(Work, "sql", away)
        return answer

    world.wire.call = then_away  # type: ignore[method-assign]
    outcome = await world.say(SetVariables((Given.to(INTERVAL, "60"),)))
    assert outcome.status is CommandStatus.ACCEPTED
    monkeypatch.undo()
    assert await world.values() == {}


async def test_what_a_block_has_to_respect_can_be_looked_up(store: Store) -> None:
    world = await world_of(store, V16)
    world.wire.answers["GetConfiguration"] = configuration(
        {"SendLocalListMaxLength": "20", "LocalAuthListMaxLength": "100"}
    )
    items, entries = Name.of("LocalAuthListCtrlr", "ItemsPerMessage"), Name.of("LocalAuthListCtrlr", "Entries")
    await world.say(GetVariables((items, entries)))
    async with store.work() as work:
        known = await actions.look_up(work, world.station, (items, entries, OFFLINE))
    assert set(known) == {items, entries}
    assert known[items].reported.value == "20"
    characteristics = known[entries].reported.characteristics
    assert characteristics is not None
    assert characteristics.max_limit == 100
