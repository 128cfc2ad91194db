"""Forms of commands: what a client can write down, what it is told when it is wrong, and what that means as a command."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import jsonschema_rs
import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.assembly import Blocks, dialects, forms_of
from forecourt.csms.blocks.availability.model import ChangeAvailability
from forecourt.csms.blocks.data_transfer.model import TransferData
from forecourt.csms.blocks.provisioning.commands import (
    Apn,
    Inventory,
    NetworkProfile,
    RequestReport,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.model import Component, Given, Variable
from forecourt.csms.blocks.remote_control.model import StartCharging, Trigger, Wish
from forecourt.csms.blocks.reservation.model import ReserveNow
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.forms import Forms, shown
from forecourt.csms.stations.model import OrganisationKey, Station, StationKey
from forecourt.csms.stations.raw import SendRaw
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Invalid
from forecourt.ocpp.versions import V16, V201

STATION = Station(StationKey(1), "CS1", OrganisationKey(1))
NO_WORK = cast("Work", None)
CARD = {"value": "04A1", "kind": "ISO14443"}


@pytest.fixture(scope="module")
def forms() -> Forms:
    return forms_of(dialects(blocks()), blocks())


def blocks() -> Blocks:
    """What the tables of the versions are made of; nothing is said through them here."""
    nothing: Any = None
    return Blocks(
        store=cast("Store", nothing),
        security=nothing,
        certificates=nothing,
        provisioning=nothing,
        lists=nothing,
        transactions=nothing,
        availability=nothing,
        owner=nothing,
        data_transfer=nothing,
    )


async def filled(forms: Forms, kind: str, arguments: Any) -> Command:
    return await forms.named(kind).fill(NO_WORK, STATION, arguments)


ASKED: list[tuple[dict[str, Any], Command]] = [
    ({}, Reset()),
    ({"type": "Immediate", "evseId": 2}, Reset(ResetKind.IMMEDIATE, 2)),
    ({"operative": False, "evseId": 1, "connectorId": 2}, ChangeAvailability(False, 1, 2)),
    ({"token": CARD}, StartCharging(Token("04A1", "ISO14443"))),
    ({"token": {"value": "x"}, "group": {"value": "g"}}, StartCharging(Token("x"), group=Token("g"))),
    ({"wish": "CustomTrigger", "custom": "mine"}, Trigger(Wish.CUSTOM, custom="mine")),
    ({"base": "FullInventory"}, RequestReport(Inventory.FULL)),
    (
        {"values": [{"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}, "value": "30"}]},
        SetVariables((Given(Component("TxCtrlr"), Variable("EVConnectionTimeOut"), "30"),)),
    ),
    (
        {
            "slot": 1,
            "profile": {
                "csmsUrl": "wss://x",
                "interface": "Wired0",
                "securityProfile": 2,
                "apn": {"apn": "a", "apnAuthentication": "AUTO", "simPin": 7},
            },
        },
        SetNetworkProfile(
            1,
            NetworkProfile(
                csms_url="wss://x",
                interface="Wired0",
                security_profile=2,
                apn=Apn(apn="a", authentication="AUTO", sim_pin=7),
            ),
        ),
    ),
    (
        {"reservationId": 3, "token": CARD, "expiresAt": "2027-01-01T00:00:00Z"},
        ReserveNow(3, Token("04A1", "ISO14443"), datetime(2027, 1, 1, tzinfo=UTC)),
    ),
    ({"vendorId": "acme", "data": {"some_thing": [1]}}, TransferData("acme", data={"some_thing": [1]})),
    ({"action": "Reset", "payload": {"some_key": 1}}, SendRaw("Reset", {"some_key": 1})),
]


@pytest.mark.parametrize(("arguments", "command"), ASKED, ids=lambda one: getattr(one, "kind", None))
async def test_what_a_client_writes_down_is_the_command_it_means(
    forms: Forms, arguments: dict[str, Any], command: Command
) -> None:
    assert await filled(forms, command.kind, arguments) == command
    # The schema says the same: pages and clients are made from it.
    jsonschema_rs.validator_for(forms.named(command.kind).schema).validate(arguments)


@pytest.mark.parametrize(
    ("kind", "arguments", "path"),
    [
        ("Reset", {"type": "Gently"}, "arguments.type"),
        ("Reset", {"evse_id": 1}, "arguments.evse_id"),
        ("Reset", {"evseId": 0}, "arguments.evseId"),
        ("Reset", {"evseId": 2**31}, "arguments.evseId"),
        ("Reset", [], "arguments"),
        ("Reset", None, "arguments"),
        ("StartCharging", {}, "arguments.token"),
        ("StartCharging", {"token": {"value": ""}}, "arguments.token.value"),
        ("StartCharging", {"token": {"value": "a\0"}}, "arguments.token.value"),
        ("StartCharging", {"token": {"value": "a", "colour": 1}}, "arguments.token.colour"),
        ("StartCharging", {"token": CARD, "connectorId": 1}, "arguments.evseId"),
        ("SetVariables", {"values": []}, "arguments.values"),
        (
            "SetVariables",
            {"values": [{"component": {"name": "A"}, "variable": {"name": "B"}, "value": 1}]},
            "arguments.values[0].value",
        ),
        (
            "SetVariables",
            {"values": [{"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}, "value": "x"}]},
            "arguments.values[0]",
        ),
        ("ReserveNow", {"reservationId": 1, "token": CARD, "expiresAt": "2027-01-01T00:00:00"}, "arguments.expiresAt"),
        ("SetNetworkProfile", {"slot": 1, "profile": {"csmsUrl": "x", "interface": "y", "securityProfile": 4}}, "arguments.profile.securityProfile"),
        ("StopCharging", {"transactionId": "seven"}, "arguments.transactionId"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_refused_with_its_path(forms: Forms, kind: str, arguments: Any, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        await filled(forms, kind, arguments)
    assert list(caught.value.fields) == [path]


def test_a_kind_that_nobody_knows_is_refused(forms: Forms) -> None:
    with pytest.raises(Invalid) as caught:
        forms.named("MakeCoffee")
    assert list(caught.value.fields) == ["kind"]


def test_every_command_of_every_version_has_a_form_with_words_for_people(forms: Forms) -> None:
    known = dialects(blocks())
    kinds = {form.command.kind for form in forms}
    assert kinds == set().union(*(dialect.capabilities for dialect in known.values()))
    assert known[V16].capabilities < kinds
    assert "GetTransactionStatus" in known[V201].capabilities - known[V16].capabilities
    for form in forms:
        assert form.summary
        assert form.title[0].isupper()
        assert " " in form.title or form.title in ("Reset", "Trigger")
        schema = form.schema
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_a_schema_says_bounds_and_units(forms: Forms) -> None:
    reset = forms.named("Reset").schema
    assert reset["properties"]["type"]["default"] == "OnIdle"
    assert set(reset["$defs"]["ResetKind"]["enum"]) == {"Immediate", "OnIdle", "ImmediateAndResume"}
    (evse,) = [one for one in reset["properties"]["evseId"]["anyOf"] if one["type"] == "integer"]
    assert (evse["minimum"], evse["description"]) == (1, "the number of an EVSE of the station")
    profile = forms.named("SetNetworkProfile").schema["$defs"]["NetworkProfile"]["properties"]
    assert profile["messageTimeoutS"]["x-unit"] == "s"
    assert forms.named("ClearCache").holds_nothing


def test_recorded_arguments_are_shown_in_the_names_of_the_api() -> None:
    kept = {"evse_id": 1, "values": [{"is_it": {"a_b": 1}}], "payload": {"a_b": 1}, "data": {"c_d": 2}}
    assert shown(kept) == {
        "evseId": 1,
        "values": [{"isIt": {"aB": 1}}],
        "payload": {"a_b": 1},
        "data": {"c_d": 2},
    }
