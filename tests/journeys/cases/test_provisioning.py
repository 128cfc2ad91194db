"""Certification cases of 2.0.1, block B: boots, variables, reports, resets, ways to reach the management system."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets
from ocpp.exceptions import SecurityError
from websockets.asyncio.client import connect

from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.provisioning.commands import (
    Criterion,
    GetVariables,
    Inventory,
    NetworkProfile,
    RequestReport,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
    Wish,
)
from forecourt.csms.blocks.provisioning.model import Component, Given, Name, Variable
from forecourt.csms.stations.model import Registration, Station
from forecourt.ocpp.versions import V21, V201, Version
from tests.journeys.cases.tool import ACCEPTED, REFUSED, RUNNING, connected, fresh_name
from tests.journeys.cases.tool2 import Json, Tool2, in_both_versions, station2
from tests.journeys.driver import basic
from tests.journeys.site import LIMIT_S, PASSWORD, Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

OFFLINE_THRESHOLD = Name.of("OCPPCommCtrlr", "OfflineThreshold")
REMOTE_START = Name.of("AuthCtrlr", "AuthorizeRemoteStart")
AGREED = {"status": "Accepted"}


def worded(name: Name) -> Json:
    """A variable as a message names it; of the attribute nothing is said, which means the actual value."""
    instance = {"instance": name.variable.instance} if name.variable.instance else {}
    return {"component": {"name": name.component.name}, "variable": {"name": name.variable.name, **instance}}


def read(*names: Name, value: str = "123") -> Json:
    """A station's answer to GetVariables."""
    return {
        "get_variable_result": [
            {"attribute_status": "Accepted", "attribute_value": value, **worded(one)} for one in names
        ]
    }


def taken(*names: Name) -> Json:
    """A station's answer to SetVariables."""
    return {"set_variable_result": [{"attribute_status": "Accepted", **worded(one)} for one in names]}


async def kept(cs: Tool2, name: Name) -> str | None:
    """The value that an operator is shown."""
    ((value,),) = await cs.tool.site.rows(
        "SELECT value FROM variable WHERE station_id = :key AND path = :path", key=cs.tool.known.key, path=name.path
    )
    return None if value is None else str(value)


async def test_TC_B_01_CSMS_a_known_station_boots_and_is_accepted(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.booted()
        assert await cs.tool.connectors() == [(1, 1, "Available"), (2, 1, "Available")]


async def boot(cs: Tool2, reason: str = "PowerUp") -> str:
    """Announce the station; returns whether it is accepted. It is told when to come back or to beat."""
    station = {"vendor_name": "Acme", "model": "Wallbox"}
    answer = await cs.tool.say("BootNotification", reason=reason, charging_station=station)
    assert answer.interval > 0
    return str(answer.status)


async def waiting(site: Site, registration: Registration = Registration.PENDING) -> Station:
    """A station that is not accepted yet."""
    return await site.announce(fresh_name(), registration=registration)


async def test_TC_B_02_CSMS_a_station_waits_and_is_accepted_when_it_boots_again(site: Site, version: Version) -> None:
    csms = site.csms
    async with station2(site, version, known=await waiting(site)) as cs:
        assert await boot(cs) == "Pending"
        # It is not asked to boot by itself: TriggerMessage is not implemented here.
        await boots.accept(csms.store, csms.sending, csms.stations, cs.tool.known, "the operator")
        assert await boot(cs) == "Accepted"
        await cs.all_connectors("Available")


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
async def test_TC_B_30_CSMS_a_station_that_is_not_accepted_may_say_nothing_else(
    site: Site, version: Version, registration: Registration
) -> None:
    async with station2(site, version, known=await waiting(site, registration)) as cs:
        assert await boot(cs) == registration.value
        with pytest.raises(SecurityError):
            await cs.status("Available")
        with pytest.raises(SecurityError):
            await cs.notify(
                {"name": "Connector", "evse": {"id": 1, "connector_id": 1}}, "AvailabilityState", "Available"
            )
        assert await cs.tool.connectors() == []


async def test_TC_B_31_CSMS_a_station_that_waits_is_asked_to_boot_again(site: Site, version: Version) -> None:
    csms = site.csms
    async with station2(site, version, known=await waiting(site), TriggerMessage=AGREED) as cs:
        assert await boot(cs) == "Pending"
        await boots.accept(csms.store, csms.sending, csms.stations, cs.tool.known, "the operator")
        assert await cs.tool.asked("TriggerMessage") == {"requested_message": "BootNotification"}
        assert await boot(cs, "Triggered") == "Accepted"
        await cs.all_connectors("Available")


async def test_TC_B_06_CSMS_a_variable_is_read(site: Site, version: Version) -> None:
    async with station2(site, version, GetVariables=read(OFFLINE_THRESHOLD)) as cs:
        asked = await cs.tool.ordered(GetVariables((OFFLINE_THRESHOLD,)), "GetVariables")
        assert asked == ({"get_variable_data": [worded(OFFLINE_THRESHOLD)]}, ACCEPTED, "Accepted")
        assert await kept(cs, OFFLINE_THRESHOLD) == "123"


async def test_TC_B_07_CSMS_several_variables_are_read(site: Site, version: Version) -> None:
    names = OFFLINE_THRESHOLD, REMOTE_START
    async with station2(site, version, GetVariables=read(*names, value="1")) as cs:
        asked = await cs.tool.ordered(GetVariables(names), "GetVariables")
        assert asked == ({"get_variable_data": [worded(one) for one in names]}, ACCEPTED, "Accepted")
        for one in names:
            assert await kept(cs, one) == "1"


async def test_TC_B_08_CSMS_no_more_variables_are_read_at_once_than_the_station_takes(
    site: Site, version: Version
) -> None:
    limit = Name.of("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables")
    names = (
        Name.of("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"),
        limit,
        Name.of("DeviceDataCtrlr", "BytesPerMessage", "GetReport"),
        Name.of("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"),
        REMOTE_START,
    )
    async with station2(site, version, GetVariables=read(limit, value="4")) as cs:
        await cs.tool.ordered(GetVariables((limit,)), "GetVariables")
        cs.tool.answers["GetVariables"] = read(*names, value="4")
        await cs.tool.ordered(GetVariables(names), "GetVariables")
        asked = [fields["get_variable_data"] for name, fields in cs.tool.driver.asked.calls if name == "GetVariables"]
        assert asked[1:] == [[worded(one) for one in names[:4]], [worded(names[4])]]


def given(*values: tuple[Name, str]) -> SetVariables:
    return SetVariables(tuple(Given(name.component, name.variable, value) for name, value in values))


async def test_TC_B_09_CSMS_a_variable_is_set(site: Site, version: Version) -> None:
    async with station2(site, version, SetVariables=taken(OFFLINE_THRESHOLD)) as cs:
        asked = await cs.tool.ordered(given((OFFLINE_THRESHOLD, "123")), "SetVariables")
        assert asked.question == {"set_variable_data": [{"attribute_value": "123", **worded(OFFLINE_THRESHOLD)}]}
        assert (asked.status, asked.word) == (ACCEPTED, "Accepted")
        assert await kept(cs, OFFLINE_THRESHOLD) == "123"


async def test_TC_B_10_CSMS_several_variables_are_set(site: Site, version: Version) -> None:
    values = (OFFLINE_THRESHOLD, "123"), (REMOTE_START, "false")
    async with station2(site, version, SetVariables=taken(OFFLINE_THRESHOLD, REMOTE_START)) as cs:
        asked = await cs.tool.ordered(given(*values), "SetVariables")
        data = [{"attribute_value": value, **worded(name)} for name, value in values]
        assert asked == ({"set_variable_data": data}, ACCEPTED, "Accepted")
        for name, value in values:
            assert await kept(cs, name) == value


async def report(cs: Tool2, request_id: int, names: list[Name]) -> None:
    """The station reports one variable a message."""
    for seq_no, name in enumerate(names):
        one = {
            **worded(name),
            "variable_attribute": [{"value": "7", "mutability": "ReadWrite"}],
            "variable_characteristics": {"data_type": "integer", "supports_monitoring": False},
        }
        last = seq_no == len(names) - 1
        at = cs.tool.now()
        await cs.tool.say(
            "NotifyReport", request_id=request_id, generated_at=at, seq_no=seq_no, tbc=not last, report_data=[one]
        )
    await cs.tool.site.until(
        "SELECT status FROM command WHERE station_id = :key AND request_id = :id",
        [("finished",)],
        key=cs.tool.known.key,
        id=request_id,
    )
    for name in names:
        assert await kept(cs, name) == "7"


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(Inventory.CONFIGURATION, id="TC_B_12_CSMS"),
        pytest.param(Inventory.FULL, id="TC_B_13_CSMS"),
        pytest.param(Inventory.SUMMARY, id="TC_B_14_CSMS"),
    ],
)
async def test_TC_B_12_CSMS_TC_B_13_CSMS_TC_B_14_CSMS_a_base_report_is_asked_for_and_shown(
    site: Site, version: Version, base: Inventory
) -> None:
    async with station2(site, version, GetBaseReport=AGREED) as cs:
        asked = await cs.tool.ordered(RequestReport(base), "GetBaseReport")
        request_id = asked.question.pop("request_id")
        assert asked == ({"report_base": base.value}, RUNNING, "Accepted")
        assert request_id >= 0
        await report(cs, request_id, [OFFLINE_THRESHOLD, REMOTE_START])


async def test_TC_B_18_CSMS_a_report_of_a_variable_where_a_component_meets_a_criterion(
    site: Site, version: Version
) -> None:
    wish = Wish(Component("EVSE", evse_id=1), Variable("AvailabilityState"))
    said = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}

    def question(criterion: Criterion) -> dict[str, Any]:
        return {"component_criteria": [criterion.value], "component_variable": [said]}

    async with station2(site, version, GetReport={"status": "EmptyResultSet"}) as cs:
        problems = RequestReport(criteria=(Criterion.PROBLEM,), variables=(wish,))
        asked = await cs.tool.ordered(problems, "GetReport")
        asked.question.pop("request_id")
        assert asked == (question(Criterion.PROBLEM), ACCEPTED, "EmptyResultSet")

        cs.tool.answers["GetReport"] = AGREED
        available = RequestReport(criteria=(Criterion.AVAILABLE,), variables=(wish,))
        asked = await cs.tool.ordered(available, "GetReport")
        request_id = asked.question.pop("request_id")
        assert asked == (question(Criterion.AVAILABLE), RUNNING, "Accepted")
        one = {**said, "variable_attribute": [{"value": "Available"}]}
        await cs.tool.say(
            "NotifyReport", request_id=request_id, generated_at=cs.tool.now(), seq_no=0, report_data=[one]
        )
        assert await kept(cs, Name(wish.component, Variable("AvailabilityState"))) == "Available"


async def reset(cs: Tool2, kind: ResetKind, word: str, evse_id: int | None = None) -> None:
    """The operator resets the station, or an EVSE of it."""
    cs.tool.answers["Reset"] = {"status": word}
    where = {} if evse_id is None else {"evse_id": evse_id}
    asked = await cs.tool.ordered(Reset(kind, evse_id), "Reset")
    assert asked == ({"type": kind.value, **where}, ACCEPTED, word)


async def test_TC_B_20_CSMS_a_station_that_is_idle_is_reset(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reset(cs, ResetKind.ON_IDLE, "Accepted")
    async with station2(site, version, known=cs.tool.known) as cs:
        await cs.booted("RemoteReset")


async def test_TC_B_21_CSMS_a_station_is_reset_when_its_transaction_is_over(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await reset(cs, ResetKind.ON_IDLE, "Scheduled")
        await cs.session.accepted("StopAuthorized", state="EVConnected")
        await cs.session.event("EVCommunicationLost", kind="Ended", state="Idle", stopped="EVDisconnected")
        await cs.session.ended("EVDisconnected")
    async with station2(site, version, known=cs.tool.known) as cs:
        await cs.booted("ScheduledReset")


async def test_TC_B_22_CSMS_a_station_is_reset_at_once_and_its_transaction_ends(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await reset(cs, ResetKind.IMMEDIATE, "Accepted")
        await cs.session.event("ResetCommand", kind="Ended", state="EVConnected", stopped="ImmediateReset")
        await cs.session.ended("ImmediateReset")
    async with station2(site, version, known=cs.tool.known) as cs:
        assert await boot(cs, "RemoteReset") == "Accepted"
        await cs.status("Occupied", 1)
        await cs.status("Available", 2)


async def test_TC_B_25_CSMS_an_evse_that_is_idle_is_reset(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await reset(cs, ResetKind.ON_IDLE, "Accepted", 1)


async def test_TC_B_26_CSMS_an_evse_is_reset_when_its_transaction_is_over(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await reset(cs, ResetKind.ON_IDLE, "Scheduled", 1)
        await cs.session.accepted("StopAuthorized", state="EVConnected")
        await cs.session.event("EVCommunicationLost", kind="Ended", state="Idle", stopped="EVDisconnected")
        await cs.session.ended("EVDisconnected")


async def test_TC_B_27_CSMS_an_evse_is_reset_at_once_and_its_transaction_ends(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        await reset(cs, ResetKind.IMMEDIATE, "Accepted", 1)
        await cs.session.event("ResetCommand", kind="Ended", state="EVConnected", stopped="ImmediateReset")
        await cs.session.ended("ImmediateReset")


PROFILE = NetworkProfile(csms_url="wss://csms.example.org/ocpp", interface="Wired0", security_profile=2)


@pytest.mark.parametrize(
    ("word", "status"),
    [pytest.param("Accepted", ACCEPTED, id="TC_B_42_CSMS"), pytest.param("Failed", REFUSED, id="TC_B_44_CSMS")],
)
async def test_TC_B_42_CSMS_TC_B_44_CSMS_a_way_to_reach_the_management_system_is_stored_or_not(
    site: Site, version: Version, word: str, status: object
) -> None:
    async with station2(site, version, SetNetworkProfile={"status": word}) as cs:
        asked = await cs.tool.ordered(SetNetworkProfile(1, PROFILE), "SetNetworkProfile")
        data = {
            "message_timeout": 30,
            "ocpp_csms_url": "wss://csms.example.org/ocpp",
            "ocpp_interface": "Wired0",
            "ocpp_transport": "JSON",
            # What it speaks itself: the script knows 2.0.1 alone.
            "ocpp_version": {V201: "OCPP20", V21: "OCPP21"}[version],
            "security_profile": 2,
        }
        assert asked == ({"configuration_slot": 1, "connection_data": data}, status, word)


async def test_B_58_a_subprotocol_that_both_know_is_chosen_and_without_one_there_is_no_conversation(
    site: Site, version: Version
) -> None:
    async with connected(site, version, {}) as tool:
        known = tool.known.wire_id
    unknown = websockets.Subprotocol("ocpp0.1")

    def offering(*names: websockets.Subprotocol) -> connect:
        return connect(f"{site.url}/{known}", subprotocols=names, additional_headers=basic(known, PASSWORD))

    # Part 4, 3.3: the handshake is completed without the header, then the connection is closed. The script wants no upgrade.
    async with offering(unknown) as connection, asyncio.timeout(LIMIT_S):
        assert connection.subprotocol is None
        await connection.wait_closed()
    async with offering(unknown, websockets.Subprotocol(version.subprotocol)) as connection:
        assert connection.subprotocol == version.subprotocol
