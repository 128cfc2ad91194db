"""Network profiles: what is refused, order and attempts, falling back, what outlives the power."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201
from forecourt.station.blocks.provisioning.network.model import Profile
from forecourt.station.link import Route
from tests.station.cases.test_station_21_network import fill, got, put, slot
from tests.station.networking import OTHER, PLAIN, World, configure, prefer, profile, quick, restart, value
from tests.station.rig import Rig
from tests.station.signing import OPERATOR, certified, chain_of
from tests.station.test_power_cut import Failing, PowerCut


def test_what_was_built_in_is_where_a_station_connects_at_first() -> None:
    there = World(rig := Rig(V201, start=False, security_profile=1))
    rig.powered.power_on()
    rig.time.advance(5)
    assert there.tried == [Route(identity="CS001", security_profile=1)]
    assert value(rig, "SecurityCtrlr", "SecurityProfile") == "1"


def test_a_route_has_what_its_security_profile_needs() -> None:
    rig = certified(V201)
    there = World(rig)
    rig.link.cut()
    rig.time.advance(60)
    (route,) = there.tried
    assert route.roots == OPERATOR.pem
    assert route.own is not None
    assert route.own[0] == chain_of(rig)
    assert "PRIVATE KEY" in route.own[1]
    assert "PRIVATE" not in repr(route)


@pytest.mark.parametrize(
    ("url", "security_profile", "more"),
    [
        ("https://other.example", 2, {}),
        ("nonsense", 1, {}),
        ("ws://other.example", 2, {}),
        ("wss://other.example", 1, {}),
        ("ws://ada:secret@other.example", 1, {}),
        ("ws://other.example", 4, {}),
        ("ws://other.example", -1, {}),
        ("ws://other.example", 1, {"ocpp_transport": "SOAP"}),
        ("ws://other.example", 1, {"message_timeout": 0}),
        ("ws://other.example", 1, {"apn": v2.APN(apn="x", apn_authentication="AUTO")}),
    ],
)
def test_B09_FR_02_a_profile_that_cannot_be_used_is_rejected(url: str, security_profile: int, more: Any) -> None:
    rig = Rig(V201, security_profile=1)
    answer = configure(rig, 2, url, security_profile, **more)
    assert answer.status == "Rejected"
    assert answer.status_info.reason_code == "InvalidNetworkConf"  # type: ignore[union-attr]
    assert prefer(rig, "2,1") == "Rejected"


def test_a_password_in_a_profile_is_long_enough() -> None:
    rig = Rig(V21, security_profile=1)
    assert configure(rig, 2, PLAIN, 1, basic_auth_password="short").status == "Rejected"
    assert configure(rig, 2, PLAIN, 1, basic_auth_password="0123456789abcdef").status == "Accepted"


@pytest.mark.parametrize("order", ["", "2", "1,2", "1,1", "4", "x"])
def test_B10_FR_02_an_order_with_slots_that_are_not_configured_is_rejected(order: str) -> None:
    rig = Rig(V201)
    assert prefer(rig, order) == "Rejected"
    assert value(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "1"


def test_profiles_and_their_order_outlive_the_power() -> None:
    there = World(rig := Rig(V21, security_profile=1))
    configure(rig, 3, PLAIN, 1, message_timeout=17, identity="other", basic_auth_password="0123456789abcdef")
    assert prefer(rig, "3,1") == "RebootRequired"
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert there.tried == [Route(identity="other", security_profile=1, url=PLAIN, password="0123456789abcdef")]
    assert value(rig, "SecurityCtrlr", "Identity") == "other"
    assert value(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "3"
    assert rig.station.model.integer("OCPPCommCtrlr", "MessageTimeout", "Default") == 17
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert there.tried[0] == there.tried[1]
    rig.set("SecurityCtrlr.BasicAuthPassword", "fedcba9876543210")
    rig.time.advance(60)
    assert there.tried[-1].password == "fedcba9876543210"


def test_B10_FR_10_with_another_profile_the_station_boots_again_and_with_the_same_it_does_not() -> None:
    there = World(rig := Rig(V201, security_profile=1))
    quick(rig, 2)
    configure(rig, 2, PLAIN, 1)
    prefer(rig, "2,1")
    restart(rig)
    rig.time.advance(20)
    rig.fresh()
    rig.link.cut()
    rig.time.advance(20)
    assert there.urls[-1] == PLAIN
    assert not rig.of(v2.BootNotification)
    there.away.add(PLAIN)
    rig.link.cut()
    rig.time.advance(60)
    assert there.urls[-3:] == [PLAIN, PLAIN, None]
    assert len(rig.of(v2.BootNotification)) == 1
    assert rig.station.online
    # It has signed on, not started.
    assert not rig.of(v2.SecurityEventNotification)


def test_B10_FR_04_after_a_restart_the_first_profile_is_tried_first_though_another_served_last() -> None:
    there = World(rig := Rig(V201, security_profile=1))
    quick(rig)
    configure(rig, 2, PLAIN, 1)
    prefer(rig, "2,1")
    there.away.add(PLAIN)
    restart(rig)
    rig.time.advance(30)
    assert value(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "1"
    there.away.clear()
    there.tried.clear()
    restart(rig)
    rig.time.advance(20)
    assert there.urls == [PLAIN]


def test_A02_FR_28_when_nobody_is_reached_with_a_new_certificate_the_one_before_is_tried() -> None:
    rig = certified(V201)
    quick(rig)
    before = chain_of(rig)
    rig.answers[v2.SignCertificate] = lambda request: v2.SignCertificateResponse(status="Accepted")
    rig.ask(v2.TriggerMessage(requested_message="SignChargingStationCertificate"))
    new = OPERATOR.sign_request(rig.last(v2.SignCertificate).csr)
    there = World(rig)
    rig.link.reached = lambda route: there.reached(route) is True and route.own is not None and route.own[0] == before
    assert rig.ask(v2.CertificateSigned(certificate_chain=new)).status == "Accepted"
    rig.time.advance(120)
    assert [route.own[0] for route in there.tried if route.own] == [new, before]
    assert rig.station.online
    assert chain_of(rig) == before
    assert "DiscardedRenewedClientCertificate" in [event.type for event in rig.of(v2.SecurityEventNotification)]


def test_A05_FR_08_going_down_from_3_to_2_may_be_allowed_but_never_to_1() -> None:
    rig = certified(V201)
    assert configure(rig, 2, OTHER, 2).status == "Rejected"
    rig.set("SecurityCtrlr.AllowSecurityProfileDowngrade", "true")
    assert configure(rig, 2, OTHER, 2).status == "Accepted"
    answer = configure(rig, 3, PLAIN, 1)
    assert answer.status_info.reason_code == "NoSecurityDowngrade"  # type: ignore[union-attr]
    assert prefer(rig, "2,1") == "RebootRequired"
    World(rig)
    restart(rig)
    rig.time.advance(20)
    assert value(rig, "SecurityCtrlr", "SecurityProfile") == "2"


def failing(rig: Rig, *faults: str) -> None:
    left = list(faults)
    rig.link.reached = lambda route: left.pop(0) if left else True


def alarms(rig: Rig) -> list[str]:
    return [event.type for event in rig.of(v2.SecurityEventNotification)]


def test_A00_FR_310_why_no_connection_came_about_is_told_once_there_is_one() -> None:
    rig = certified(V201)
    failing(rig, *["InvalidCsmsCertificate"] * 5, "InvalidTLSVersion")
    rig.link.cut()
    rig.time.advance(3600)
    assert alarms(rig) == ["InvalidCsmsCertificate", "InvalidTLSVersion"]
    rig.fresh()
    failing(rig, "InvalidTLSVersion", "FailedToAuthenticateAtCsms")
    rig.link.cut()
    rig.time.advance(3600)
    assert alarms(rig) == ["InvalidTLSVersion"]


# 1.6.


def change(rig: Rig, profile: str) -> str:
    answer: v16.ChangeConfigurationResponse = rig.ask(v16.ChangeConfiguration(key="SecurityProfile", value=profile))
    return answer.status


def test_of_1_6_a_security_profile_that_lacks_something_is_rejected() -> None:
    plain = Rig(V16)
    assert change(plain, "1") == "Rejected"
    plain.set("AuthorizationKey", b"0123456789abcdef".hex())
    plain.time.advance(60)
    for wrong in ("0", "2", "3", "4", "x", ""):
        assert change(plain, wrong) == "Rejected"
    (key,) = plain.ask(v16.GetConfiguration(key=("SecurityProfile",))).configuration_key
    assert (key.readonly, key.value) == (False, "0")
    assert change(plain, "1") == "Accepted"
    plain.time.advance(60)
    (key,) = plain.ask(v16.GetConfiguration(key=("SecurityProfile",))).configuration_key
    assert key.value == "1"


def test_of_1_6_a_security_profile_with_which_nobody_is_reached_is_given_up() -> None:
    rig = certified(V16, built=1)
    there = World(rig)
    there.only = 1
    rig.set("AuthorizationKey", b"0123456789abcdef".hex())
    rig.time.advance(60)
    there.tried.clear()
    assert change(rig, "2") == "Accepted"
    rig.time.advance(3)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(3600)
    profiles = [route.security_profile for route in there.tried]
    assert profiles[0] == 2
    assert profiles[-1] == 1
    assert rig.station.online
    assert rig.station.model.integer("SecurityCtrlr", "SecurityProfile") == 1
    there.tried.clear()
    rig.link.cut()
    rig.time.advance(60)
    assert [route.security_profile for route in there.tried] == [1]


def test_of_1_6_going_down_from_3_to_2_may_be_allowed() -> None:
    rig = certified(V16)
    rig.set("AllowSecurityProfileDowngrade", "true")
    assert change(rig, "1") == "Rejected"
    assert change(rig, "2") == "Accepted"
    there = World(rig)
    rig.time.advance(60)
    assert [route.security_profile for route in there.tried] == [2]


def test_no_password_is_shown() -> None:
    assert "secret" not in repr(Profile(security_profile=1, password="secret"))


# As variables (2.1).


def test_a_station_connects_with_what_was_set_by_variables() -> None:
    there = World(rig := Rig(V21, security_profile=1))
    fill(rig, 3, PLAIN, 1, Identity="third", MessageTimeout="12.0")
    assert prefer(rig, "3,1") == "RebootRequired"
    restart(rig)
    rig.time.advance(20)
    assert there.tried[-1] == Route(
        identity="third", security_profile=1, url=PLAIN, password="PasswordOfSufficientLength"
    )
    assert rig.station.model.integer("OCPPCommCtrlr", "MessageTimeout", "Default") == 12


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OcppCsmsUrl", "nonsense"),
        ("OcppTransport", "SOAP"),
        ("SecurityProfile", "4"),
        ("MessageTimeout", "0"),
        ("OcppInterface", "Tin can"),
        ("VpnEnabled", "true"),
        ("BasicAuthPassword", "short"),
    ],
)
def test_B09_FR_25_what_cannot_be_is_rejected(variable: str, value: str) -> None:
    rig = Rig(V21, security_profile=1)
    (result,) = put(rig, slot(2, variable, value))
    assert result.attribute_status == "Rejected"


def test_a_slot_that_is_not_there_is_an_unknown_component() -> None:
    rig = Rig(V21)
    (result,) = put(rig, slot(4, "MessageTimeout", "10"))
    assert result.attribute_status == "UnknownComponent"


def test_half_a_profile_is_no_profile() -> None:
    rig = Rig(V21, security_profile=1)
    (result,) = put(rig, slot(2, "MessageTimeout", "10"))
    assert result.attribute_status == "Accepted"
    assert prefer(rig, "1,2") == "Rejected"
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert got(rig, "NetworkConfiguration", "MessageTimeout", "2") == "10"


def test_a_security_profile_is_raised_whole_or_not_at_all_whenever_the_power_fails() -> None:
    def run(cut_at: int | None) -> tuple[Rig, int]:
        storage = Failing()
        rig = certified(V21, built=2, storage=storage)
        storage.count, storage.at = 0, cut_at
        asked = v2.SetNetworkProfile(configuration_slot=2, connection_data=profile(OTHER, 3))
        data = v2.SetVariableData(
            component=v2.Component(name="OCPPCommCtrlr"),
            variable=v2.Variable(name="NetworkConfigurationPriority"),
            attribute_value="2,1",
        )
        steps: list[Callable[[], object]] = [
            lambda: rig.link.ask(asked),
            lambda: rig.link.ask(v2.SetVariables(set_variable_data=(data,))),
            lambda: rig.link.ask(v2.Reset(type="OnIdle")),
            lambda: rig.time.advance(30),
        ]
        for step in steps:
            try:
                step()
            except PowerCut:
                rig.powered.cut_power()
                rig.powered.power_on()
                rig.time.advance(10)
        storage.at, count = None, storage.count
        rig.time.advance(600)
        return rig, count

    _, operations = run(None)
    assert operations > 8
    raised = set()
    for at in range(1, operations + 1):
        rig, _ = run(at)
        assert rig.station.online
        route = rig.station.wiring.route(rig.station)
        assert value(rig, "SecurityCtrlr", "SecurityProfile") == str(route.security_profile)
        assert (route.security_profile, route.url) in ((2, None), (3, OTHER))
        raised.add(route.security_profile)
        if route.security_profile == 3:
            assert value(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "2"
    assert raised == {2, 3}
