"""Certification cases of 2.1 for stations: network profiles as variables (B09)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from tests.station.networking import OTHER, PLAIN, World, configure, prefer, restart
from tests.station.rig import Rig
from tests.station.signing import certified

PASSWORD = "PasswordOfSufficientLength"


def slot(number: int, variable: str, value: str) -> v2.SetVariableData:
    return v2.SetVariableData(
        component=v2.Component(name="NetworkConfiguration", instance=str(number)),
        variable=v2.Variable(name=variable),
        attribute_value=value,
    )


def put(rig: Rig, *asked: v2.SetVariableData) -> list[v2.SetVariableResult]:
    return list(rig.ask(v2.SetVariables(set_variable_data=asked)).set_variable_result)


def fill(rig: Rig, number: int, url: str, security_profile: int, **more: str) -> dict[str, v2.SetVariableResult]:
    """Set all variables of a slot at once."""
    values = {
        "OcppCsmsUrl": url,
        "OcppInterface": "Any",
        "OcppTransport": "JSON",
        "OcppVersion": "OCPP21",
        "MessageTimeout": "30",
        "SecurityProfile": str(security_profile),
        **more,
        "BasicAuthPassword": PASSWORD,
        "VpnEnabled": "false",
        "ApnEnabled": "false",
    }
    results = put(rig, *(slot(number, variable, value) for variable, value in values.items()))
    return {result.variable.name: result for result in results}


def all_accepted(results: dict[str, v2.SetVariableResult]) -> None:
    for variable, result in results.items():
        allowed = {"Accepted", "Rejected"} if variable in ("VpnEnabled", "ApnEnabled") else {"Accepted"}
        assert result.attribute_status in allowed


def got(rig: Rig, component: str, variable: str, instance: Any = UNSET) -> str:
    data = v2.GetVariableData(
        component=v2.Component(name=component, instance=instance), variable=v2.Variable(name=variable)
    )
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert (result.attribute_status, result.component.instance) == ("Accepted", instance)
    value: str = result.attribute_value
    return value


def reason(result: v2.SetVariableResult) -> str:
    assert result.attribute_status == "Rejected"
    info = result.attribute_status_info
    assert info is not UNSET
    return info.reason_code


def room(rig: Rig) -> None:
    """All variables of a slot may be set at once."""
    data = v2.GetVariableData(
        component=v2.Component(name="DeviceDataCtrlr"),
        variable=v2.Variable(name="ItemsPerMessage", instance="SetVariables"),
    )
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert result.attribute_status == "Accepted"
    assert int(result.attribute_value) >= 10


def test_TC_B_100_CS_a_network_profile_is_reported() -> None:
    rig = Rig(V21, security_profile=1)
    status = configure(
        rig, 2, OTHER, 2, ocpp_interface="Any", ocpp_version="OCPP21", identity="other", basic_auth_password=PASSWORD
    ).status
    assert status == "Accepted"
    rig.fresh()
    assert rig.ask(v2.GetBaseReport(request_id=5, report_base="FullInventory")).status == "Accepted"
    rig.time.advance(30)
    parts = rig.of(v2.NotifyReport)
    assert {part.request_id for part in parts} == {5}
    lines = {
        (line.component.name, line.component.instance, line.variable.name): line
        for part in parts
        for line in part.report_data or ()
    }
    characteristics = lines["OCPPCommCtrlr", UNSET, "NetworkConfigurationPriority"].variable_characteristics
    assert characteristics is not UNSET
    slots = str(characteristics.values_list).split(",")
    assert len(slots) >= 2
    expected = {
        "OcppCsmsUrl": OTHER,
        "OcppInterface": "Any",
        "OcppTransport": "JSON",
        "OcppVersion": "OCPP21",
        "MessageTimeout": "30",
        "SecurityProfile": "2",
        "VpnEnabled": "false",
        "ApnEnabled": "false",
    }
    for number in slots:
        for variable, value in expected.items():
            (attribute,) = lines["NetworkConfiguration", number, variable].variable_attribute
            assert number != "2" or attribute.value == value
        (attribute,) = lines["NetworkConfiguration", number, "BasicAuthPassword"].variable_attribute
        assert (attribute.mutability, attribute.value) == ("WriteOnly", UNSET)


def test_TC_B_105_CS_a_network_profile_is_set_by_its_variables() -> None:
    rig = Rig(V21, security_profile=1)
    room(rig)
    all_accepted(fill(rig, 2, PLAIN, 1, Identity="CS001"))


def test_TC_B_107_CS_slots_are_added_and_removed() -> None:
    rig = certified(V21, built=2)
    assert configure(rig, 2, OTHER, 2).status == "Accepted"
    assert prefer(rig, "1,2") in ("Accepted", "RebootRequired")
    assert got(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "1,2"
    assert prefer(rig, "1") in ("Accepted", "RebootRequired")
    room(rig)
    all_accepted(fill(rig, 2, "ws://invalidurl.example.com/", 2))
    priority = v2.SetVariableData(
        component=v2.Component(name="OCPPCommCtrlr"),
        variable=v2.Variable(name="NetworkConfigurationPriority"),
        attribute_value="1,2",
    )
    (result,) = put(rig, priority)
    assert reason(result) == "InvalidNetworkConf"
    (result,) = put(rig, slot(2, "OcppCsmsUrl", "wss://validurl.example.com:443/"))
    assert result.attribute_status == "Accepted"
    (result,) = put(rig, priority)
    assert result.attribute_status in ("Accepted", "RebootRequired")
    assert got(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "1,2"
    assert prefer(rig, "1") in ("Accepted", "RebootRequired")


def test_TC_B_108_CS_a_slot_in_use_is_not_overwritten() -> None:
    rig = Rig(V21, security_profile=1)
    assert configure(rig, 2, PLAIN, 1).status == "Accepted"
    assert prefer(rig, "1,2") in ("Accepted", "RebootRequired")
    slots = got(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority").split(",")
    assert len(slots) >= 2
    for number in slots:
        (result,) = put(rig, slot(int(number), "MessageTimeout", "123"))
        assert (result.component.name, result.component.instance) == ("NetworkConfiguration", number)
        assert reason(result) == "PriorityNetworkConf"


def test_TC_B_109_CS_a_new_identity_or_password_clears_those_of_the_profile() -> None:
    there = World(rig := Rig(V21, security_profile=1))
    told = {"identity": "CS001", "basic_auth_password": PASSWORD}
    assert configure(rig, 2, PLAIN, 1, **told).status == "Accepted"
    prefer(rig, "2")
    restart(rig)
    rig.time.advance(20)
    assert got(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"
    assert got(rig, "NetworkConfiguration", "Identity", "2") == "CS001"
    results = put(
        rig,
        *(
            v2.SetVariableData(
                component=v2.Component(name="SecurityCtrlr"), variable=v2.Variable(name=variable), attribute_value=value
            )
            for variable, value in (("Identity", "CS001"), ("BasicAuthPassword", "another-password-42"))
        ),
    )
    assert [result.attribute_status for result in results] == ["Accepted", "Accepted"]
    rig.time.advance(60)
    assert got(rig, "NetworkConfiguration", "Identity", "2") == ""
    rig.link.cut()
    rig.time.advance(60)
    assert (there.tried[-1].identity, there.tried[-1].password) == ("CS001", "another-password-42")
    assert got(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"
    security_profile = int(got(rig, "NetworkConfiguration", "SecurityProfile", "2"))
    assert configure(rig, 2, PLAIN, security_profile, **told).status == "Accepted"
    rig.link.cut()
    rig.time.advance(60)
    assert (there.tried[-1].identity, there.tried[-1].password) == ("CS001", PASSWORD)
    assert got(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"


def secured(allowed: str) -> Rig:
    """A station of security profile 3 where going down to 2 is allowed or not."""
    rig = certified(V21)
    rig.set("SecurityCtrlr.AllowSecurityProfileDowngrade", allowed)
    return rig


@pytest.mark.parametrize("current", [2, 3])
def test_TC_B_110_CS_a_profile_of_security_profile_1_is_rejected(current: int) -> None:
    rig = certified(V21, built=current)
    rig.set("SecurityCtrlr.AllowSecurityProfileDowngrade", "true")
    answer = configure(rig, 2, PLAIN, 1, basic_auth_password=PASSWORD)
    assert answer.status == "Rejected"
    assert answer.status_info is not UNSET
    assert answer.status_info.reason_code == "NoSecurityDowngrade"


def test_TC_B_111_CS_security_profile_1_is_rejected_among_variables() -> None:
    rig = secured("true")
    room(rig)
    assert reason(fill(rig, 2, PLAIN, 1)["SecurityProfile"]) == "NoSecurityDowngrade"


def test_TC_B_112_CS_a_profile_of_a_lower_security_profile_is_rejected() -> None:
    answer = configure(secured("false"), 2, OTHER, 2, basic_auth_password=PASSWORD)
    assert answer.status == "Rejected"
    assert answer.status_info is not UNSET
    assert answer.status_info.reason_code == "NoSecurityDowngrade"


def test_TC_B_113_CS_a_lower_security_profile_is_rejected_among_variables() -> None:
    rig = secured("false")
    room(rig)
    assert reason(fill(rig, 2, OTHER, 2)["SecurityProfile"]) == "NoSecurityDowngrade"
