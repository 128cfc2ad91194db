"""Certification cases of the management system that are new in 2.1: limits, resuming, network profiles, custom triggers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forecourt.charging.limits import Limits
from forecourt.csms.blocks.provisioning.commands import (
    GetVariables,
    NetworkProfile,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.model import Component, Given, Name, Variable
from forecourt.csms.blocks.remote_control.model import Trigger, Wish
from forecourt.csms.blocks.transactions.actions import set_limits
from forecourt.ocpp.versions import V21
from tests.journeys.cases.tool import ACCEPTED
from tests.journeys.cases.tool2 import BEGIN, PERIODIC, Json, Session, Tool2, sample, station2
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}


async def test_a_network_profile_with_an_identity_and_a_password_is_set(site: Site) -> None:
    profile = NetworkProfile(
        csms_url="wss://csms.example.org/ocpp",
        interface="Wired0",
        security_profile=2,
        identity="ANOTHER-NAME",
        basic_auth_password="a-password-of-its-own",
    )
    async with station2(site, V21, SetNetworkProfile=AGREED) as cs:
        asked = await cs.tool.ordered(SetNetworkProfile(1, profile), "SetNetworkProfile")
        data = {
            "message_timeout": 30,
            "ocpp_csms_url": "wss://csms.example.org/ocpp",
            "ocpp_interface": "Wired0",
            "ocpp_transport": "JSON",
            # The script wants OCPP20, which is not what it speaks.
            "ocpp_version": "OCPP21",
            "security_profile": 2,
            "identity": "ANOTHER-NAME",
            "basic_auth_password": "a-password-of-its-own",
        }
        assert asked == ({"configuration_slot": 1, "connection_data": data}, ACCEPTED, "Accepted")


async def test_TC_B_105_CSMS_a_network_profile_is_stored_by_setting_its_variables(site: Site) -> None:
    values = {
        "OcppVersion": "OCPP21",
        "SecurityProfile": "2",
        "VpnEnabled": "false",
        "ApnEnabled": "true",
        "Apn": "internet.example.org",
        "ApnAuthentication": "PAP",
    }
    slot = Component("NetworkConfiguration", instance="2")
    names = [{"component": {"name": slot.name, "instance": "2"}, "variable": {"name": variable}} for variable in values]
    results = [{"attribute_status": "Accepted", **name} for name in names]
    async with station2(site, V21, SetVariables={"set_variable_result": results}) as cs:
        command = SetVariables(tuple(Given(slot, Variable(name), value) for name, value in values.items()))
        asked = await cs.tool.ordered(command, "SetVariables")
        data = [{"attribute_value": value, **name} for name, value in zip(names, values.values(), strict=True)]
        assert asked == ({"set_variable_data": data}, ACCEPTED, "Accepted")
        # A05: it may come with that security profile from now on.
        offered = "SELECT offered_security_profile FROM station WHERE id = :key"
        assert await site.rows(offered, key=cs.tool.known.key) == [(2,)]


async def test_A05_a_network_profile_of_variables_that_is_rejected_lets_nobody_in(site: Site) -> None:
    name = {
        "component": {"name": "NetworkConfiguration", "instance": "2"},
        "variable": {"name": "SecurityProfile"},
    }
    results = [{"attribute_status": "Rejected", **name}]
    async with station2(site, V21, SetVariables={"set_variable_result": results}) as cs:
        given = Given(Component("NetworkConfiguration", instance="2"), Variable("SecurityProfile"), "3")
        await cs.tool.ordered(SetVariables((given,)), "SetVariables")
        offered = "SELECT offered_security_profile FROM station WHERE id = :key"
        assert await site.rows(offered, key=cs.tool.known.key) == [(None,)]


def limit_told(session: Session) -> Json | None:
    """The limit in the newest answer, if there is one."""
    limit: Json | None = session.answer.transaction_limit
    return limit


async def reset_to_resume(cs: Tool2) -> None:
    """The operator resets the station, which is to go on with its transactions."""
    cs.tool.answers["Reset"] = AGREED
    asked = await cs.tool.ordered(Reset(ResetKind.IMMEDIATE_AND_RESUME), "Reset")
    assert asked == ({"type": "ImmediateAndResume"}, ACCEPTED, "Accepted")


async def back(cs: Tool2, reason: str) -> None:
    """The station has booted, and tells that."""
    await cs.booted(reason)
    await cs.tool.say("SecurityEventNotification", type="ResetOrReboot", timestamp=cs.tool.now())


async def test_TC_B_103_CSMS_a_station_is_reset_and_its_transaction_resumes(site: Site) -> None:
    async with station2(site, V21) as cs:
        session = cs.session
        await session.energy_transfer()
        await reset_to_resume(cs)
        await session.event("ResetCommand", state="SuspendedEVSE")
    async with station2(site, V21, known=cs.tool.known) as cs:
        await back(cs, "RemoteReset")
        session.follow(cs)
        await session.event("TxResumed", state="SuspendedEVSE")
        await session.event("ChargingStateChanged", state="Charging")
        await session.goes_on("Charging")
        assert await cs.tool.transactions() == 1


async def test_TC_B_104_CSMS_an_idle_station_is_reset_with_resuming(site: Site) -> None:
    async with station2(site, V21) as cs:
        await reset_to_resume(cs)
    async with station2(site, V21, known=cs.tool.known) as cs:
        await back(cs, "RemoteReset")


async def test_TC_E_113_CSMS_it_resumes_after_a_power_loss(site: Site) -> None:
    async with station2(site, V21) as cs:
        session = cs.session
        await session.energy_transfer()
    async with station2(site, V21, known=cs.tool.known) as cs:
        await back(cs, "PowerUp")
        session.follow(cs)
        await session.event("TxResumed", state="SuspendedEVSE")
        await session.event("ChargingStateChanged", state="Charging")
        await session.goes_on("Charging")
        assert await cs.tool.transactions() == 1


@pytest.mark.parametrize(
    "limit",
    [pytest.param({"max_energy": 6000}, id="TC_E_106_CSMS"), pytest.param({"max_time": 600}, id="TC_E_107_CSMS")],
)
async def test_TC_E_106_CSMS_TC_E_107_CSMS_a_limit_of_the_station_is_not_answered_with_one(
    site: Site, limit: Json
) -> None:
    async with station2(site, V21) as cs:
        await cs.session.energy_transfer()
        await cs.session.event("LimitSet", limit=limit)
        assert limit_told(cs.session) is None
        told = "SELECT limits_told FROM transaction WHERE station_id = :key"
        key, value = next(iter(limit.items()))
        name = {"max_energy": "energyWh", "max_time": "timeS"}[key]
        ((known,),) = await site.rows(told, key=cs.tool.known.key)
        assert {name: float(known[name])} == {name: value}


SETTINGS = {
    Name.of("TxCtrlr", "SupportedLimits"): "maxEnergy,maxTime,maxCost",
    Name.of("SampledDataCtrlr", "TxUpdatedInterval"): "60",
    Name.of("SampledDataCtrlr", "TxUpdatedMeasurands"): "Energy.Active.Import.Register",
}


async def test_TC_E_102_CSMS_a_limit_of_the_station_and_a_higher_one_from_here(site: Site) -> None:
    read = [
        {
            "attribute_status": "Accepted",
            "attribute_value": value,
            "component": {"name": name.component.name},
            "variable": {"name": name.variable.name},
        }
        for name, value in SETTINGS.items()
    ]
    async with station2(site, V21, GetVariables={"get_variable_result": read}) as cs:
        await cs.tool.ordered(GetVariables(tuple(SETTINGS)), "GetVariables")
        session = cs.session
        await session.ev_connected([sample(cs.tool.now(), BEGIN)])
        await session.energy_transfer()
        await session.event("LimitSet", limit={"max_energy": 6000})
        assert limit_told(session) is None

        csms = site.csms
        key = (await cs.tool.reference()).key
        await set_limits(csms.blocks.transactions, csms.store, csms.stations, key, Limits(energy_wh=Decimal(10_000)))
        await session.event("MeterValuePeriodic", meter=[sample(cs.tool.now(), PERIODIC, 1100)])
        assert limit_told(session) == {"max_energy": 10_000}
        await session.event("LimitSet", limit={"max_energy": 10_000})
        assert limit_told(session) is None
        await session.event("MeterValuePeriodic", meter=[sample(cs.tool.now(), PERIODIC, 1200)])
        assert limit_told(session) is None


async def test_TC_F_100_CSMS_a_message_of_the_vendors_is_asked_for(site: Site) -> None:
    async with station2(site, V21, TriggerMessage=AGREED) as cs:
        asked = await cs.tool.ordered(Trigger(Wish.CUSTOM, custom="ReportHumidity"), "TriggerMessage")
        question = {"requested_message": "CustomTrigger", "custom_trigger": "ReportHumidity"}
        assert asked == (question, ACCEPTED, "Accepted")
