"""Certificates: what is refused, what outlives the power, renewal in time, and going back to the certificate before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.pki.certificates import hash_data, read
from forecourt.pki.keys import belongs, new_key, signing_request
from forecourt.station.blocks.certificates.actions import own, turn_back
from forecourt.station.blocks.certificates.model import MOST_ROOTS, Identity, Pending
from forecourt.station.link import Route
from tests.pki.authority import BEGIN, root
from tests.station.cases.test_station_201_certificates import (
    NEXT,
    accept,
    delete,
    hand_over,
    install,
    installed,
    succeeded,
)
from tests.station.networking import value
from tests.station.rig import Rig
from tests.station.signing import OPERATOR, STRANGER, certified, chain_of, named, requests, subject
from tests.station.test_power_cut import Failing, PowerCut


def ask_to_sign(rig: Rig) -> str:
    assert rig.ask(v2.TriggerMessage(requested_message="SignChargingStationCertificate")).status == "Accepted"
    return requests(rig)[-1]


@pytest.mark.parametrize("text", ["nonsense", OPERATOR.pem + STRANGER.pem, OPERATOR.issue("sub", ca=True).pem])
def test_M05_FR_07_what_is_no_root_is_rejected(text: str) -> None:
    rig = Rig(V201)
    answer = rig.ask(v2.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=text))
    assert answer.status == "Rejected"
    assert answer.status_info.reason_code == "InvalidCertificate"
    assert installed(rig) == []


def test_M05_FR_06_there_is_room_for_so_many_roots_and_one_may_be_replaced() -> None:
    rig = Rig(V201)
    holders = [root(f"root {number}") for number in range(MOST_ROOTS)]
    for holder in holders:
        assert install(rig, "CSMSRootCertificate", holder) == "Accepted"
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Rejected"
    assert install(rig, "CSMSRootCertificate", holders[0]) == "Accepted"
    data = v2.GetVariableData(
        component=v2.Component(name="SecurityCtrlr"), variable=v2.Variable(name="CertificateEntries")
    )
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert result.attribute_value == str(MOST_ROOTS)


def test_roots_outlive_the_power() -> None:
    rig = Rig(V201)
    install(rig, "CSMSRootCertificate", OPERATOR)
    install(rig, "ManufacturerRootCertificate", OPERATOR)
    assert delete(rig, named(OPERATOR, "SHA512")) == "Accepted"
    left = installed(rig)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert installed(rig) == left
    assert len(left) == 1


def test_the_last_root_that_the_connection_needs_is_not_deleted() -> None:
    rig = certified(V201)
    assert delete(rig, named(OPERATOR)) == "Failed"
    install(rig, "CSMSRootCertificate", STRANGER)
    assert delete(rig, named(OPERATOR)) == "Accepted"


def test_M04_FR_06_the_certificate_of_the_station_is_not_deleted() -> None:
    rig = certified(V201)
    (leaf,) = read(chain_of(rig))
    assert delete(rig, hash_data(leaf, OPERATOR.certificate)) == "Failed"


def test_only_2_1_has_a_number_for_the_request() -> None:
    older, rig = certified(V201), certified(V21)
    for one in (older, rig):
        accept(one)
        ask_to_sign(one)
    assert older.last(v2.SignCertificate).request_id is UNSET
    request_id = rig.last(v2.SignCertificate).request_id
    chain = OPERATOR.sign_request(requests(rig)[-1])
    wrong = v2.CertificateSigned(certificate_chain=chain, request_id=1)
    assert rig.ask(wrong).status == "Rejected"
    right = v2.CertificateSigned(certificate_chain=chain, request_id=request_id)
    assert rig.ask(right).status == "Accepted"


def other_name(csr: str) -> str:
    return OPERATOR.sign_request(signing_request(new_key(), common_name="CS001", organization="Forecourt"))


def intermediate(csr: str) -> str:
    return OPERATOR.issue("sub", ca=False).sign_request(csr)


@pytest.mark.parametrize(
    "chain",
    [
        other_name,
        intermediate,
        lambda csr: "nonsense",
        lambda csr: OPERATOR.sign_request(csr, days=10),
        lambda csr: OPERATOR.sign_request(csr, begin=BEGIN + timedelta(days=1000)),
    ],
)
def test_A02_FR_07_a_certificate_that_is_not_for_this_station_is_rejected_and_not_asked_for_again(chain: Any) -> None:
    rig = certified(V201)
    accept(rig)
    before = chain_of(rig)
    text = chain(ask_to_sign(rig))
    assert hand_over(rig, text) == "Rejected"
    assert rig.last(v2.SecurityEventNotification).type == "InvalidChargingStationCertificate"
    rig.time.advance(7200)
    assert len(requests(rig)) == 1
    assert chain_of(rig) == before


def test_a_chain_with_an_authority_in_between_is_taken_over() -> None:
    rig = certified(V201)
    accept(rig)
    middle = OPERATOR.issue("sub", ca=True)
    assert hand_over(rig, middle.sign_request(ask_to_sign(rig)) + middle.pem) == "Accepted"


def test_the_subject_is_the_serial_number_and_the_organization() -> None:
    rig = certified(V201, serial_number="SN-42")
    rig.set("SecurityCtrlr.OrganizationName", "The operator")
    accept(rig)
    assert subject(ask_to_sign(rig)) == "O=The operator,CN=SN-42"


def test_what_nobody_asked_for_is_rejected() -> None:
    rig = certified(V201)
    chain = OPERATOR.sign_request(signing_request(new_key(), common_name="CS001", organization="x"))
    assert hand_over(rig, chain) == "Rejected"
    answer = rig.ask(v2.CertificateSigned(certificate_chain=chain, certificate_type="V2GCertificate"))
    assert answer.status == "Rejected"


def test_the_key_that_a_certificate_was_asked_for_outlives_the_power() -> None:
    rig = certified(V201)
    accept(rig)
    csr = ask_to_sign(rig)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    chain = OPERATOR.sign_request(csr)
    assert hand_over(rig, chain) == "Accepted"
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert chain_of(rig) == chain
    rig.time.advance(7200)
    assert len(requests(rig)) == 1


def test_A02_FR_17_a_request_that_was_not_sent_goes_when_the_connection_is_back() -> None:
    rig = certified(V201)
    accept(rig)
    rig.answers[v2.SignCertificate] = lambda request: None
    ask_to_sign(rig)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(200)
    assert len(requests(rig)) == 1
    accept(rig)
    rig.link.up = True
    rig.time.advance(900)
    assert len(requests(rig)) > 1


@pytest.mark.parametrize("version", [V16, V201], ids=str)
def test_A03_FR_02_a_certificate_is_renewed_in_the_month_before_its_end(version: Version) -> None:
    rig = certified(version, days=365 + 40)
    kind: Any = v16.SignCertificate if version is V16 else v2.SignCertificate
    rig.answers[kind] = lambda request: (v16 if version is V16 else v2).SignCertificateResponse(status="Rejected")
    rig.time.advance(9 * 86_400)
    assert not requests(rig)
    rig.time.advance(2 * 86_400)
    assert requests(rig)
    asked = len(requests(rig))
    rig.time.advance(86_400)
    assert len(requests(rig)) == asked + 1


def test_below_profile_3_no_certificate_is_renewed() -> None:
    rig = Rig(V201)
    rig.time.advance(400 * 86_400)
    assert not requests(rig)


def new_certificate(rig: Rig) -> str:
    accept(rig)
    chain = OPERATOR.sign_request(ask_to_sign(rig))
    assert hand_over(rig, chain) == "Accepted"
    return chain


def test_A02_FR_29_a_certificate_with_which_nobody_was_reached_is_given_up() -> None:
    rig = certified(V201)
    before = chain_of(rig)
    rig.link.up = False
    new = new_certificate(rig)
    rig.time.advance(30)
    assert chain_of(rig) == new
    rig.station.turn(lambda: turn_back(rig.station))
    assert chain_of(rig) == before
    rig.station.turn(lambda: turn_back(rig.station))
    assert chain_of(rig) == new
    rig.station.turn(lambda: turn_back(rig.station))
    rig.fresh()
    rig.link.up = True
    rig.time.advance(900)
    assert chain_of(rig) == before
    assert rig.last(v2.SecurityEventNotification).type == "DiscardedRenewedClientCertificate"
    rig.station.turn(lambda: turn_back(rig.station))
    assert chain_of(rig) == before


def test_A02_FR_10_the_certificate_before_is_gone_once_the_new_one_has_served() -> None:
    rig = certified(V201)
    new = new_certificate(rig)
    rig.time.advance(60)
    rig.station.turn(lambda: turn_back(rig.station))
    assert chain_of(rig) == new


def test_no_key_is_shown() -> None:
    secret = OPERATOR.key_pem
    assert secret[30:60] not in repr(Identity(key=secret, chain=OPERATOR.pem))
    assert secret[30:60] not in repr(Pending(key=secret, request_id=1))


@pytest.mark.parametrize("version", [V16, V21], ids=str)
def test_a_renewal_survives_a_power_cut_at_every_operation(version: Version) -> None:
    """Either the old certificate with its key is there or the new one with its own, and the station finds back."""

    def run(cut_at: int | None) -> tuple[Rig, int]:
        storage = Failing()
        rig = certified(version, storage=storage)
        kind: Any = v16 if version is V16 else v2
        rig.answers[kind.SignCertificate] = lambda request: kind.SignCertificateResponse(status="Accepted")
        storage.count, storage.at = 0, cut_at
        trigger: Any = (
            v16.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
            if version is V16
            else v2.TriggerMessage(requested_message="SignChargingStationCertificate")
        )

        def hand() -> None:
            if requests(rig):
                chain = OPERATOR.sign_request(requests(rig)[-1])
                rig.link.ask(kind.CertificateSigned(certificate_chain=chain))

        steps: list[Callable[[], object]] = [
            lambda: rig.link.ask(trigger),
            lambda: rig.time.advance(10),
            hand,
            lambda: rig.time.advance(60),
        ]
        for step in steps:
            try:
                step()
            except PowerCut:
                rig.powered.cut_power()
                rig.time.advance(10)
                rig.powered.power_on()
                rig.time.advance(10)
        storage.at, count = None, storage.count
        rig.time.advance(900)
        return rig, count

    _, operations = run(None)
    assert operations > 8
    for at in range(1, operations + 1):
        rig, _ = run(at)
        found = own(rig.station)
        assert found is not None
        (leaf,) = read(found.chain)
        assert belongs(leaf, found.key)
        assert rig.station.online


# With AdditionalRootCertificateCheck.


def test_M05_FR_09_of_three_roots_the_oldest_is_gone() -> None:
    rig = succeeded(V201)
    third = NEXT.issue("Operator root 3", ca=True)
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Rejected"
    assert install(rig, "CSMSRootCertificate", third) == "Accepted"
    numbers = {data.serial_number for _, data in installed(rig)}
    assert numbers == {f"{one.certificate.serial_number:x}" for one in (NEXT, third)}


def test_M05_FR_14_both_roots_are_tried_in_turn_and_outlive_the_power() -> None:
    rig = succeeded(V201)
    tried: list[str] = []
    served = [STRANGER]

    def reached(route: Route) -> bool | str:
        tried.append(route.roots)
        return served[0].pem in route.roots or "InvalidCsmsCertificate"

    rig.link.reached = reached
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(200)
    assert tried[:4] == [NEXT.pem, OPERATOR.pem, NEXT.pem, OPERATOR.pem]
    served[0] = NEXT
    rig.time.advance(3600)
    assert rig.station.online
    assert len(installed(rig)) == 1


def test_a_root_that_is_deleted_leaves_the_other_one_to_trust() -> None:
    rig = succeeded(V201)
    assert delete(rig, hash_data(NEXT.certificate, OPERATOR.certificate)) == "Accepted"
    rig.link.reached = lambda route: OPERATOR.pem in route.roots
    rig.link.cut()
    rig.time.advance(60)
    assert rig.station.online
    assert len(installed(rig)) == 1


def test_the_first_root_is_one_that_has_signed_itself() -> None:
    rig = Rig(V201, additional_root_check=True)
    assert install(rig, "CSMSRootCertificate", NEXT) == "Rejected"
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert install(rig, "ManufacturerRootCertificate", STRANGER) == "Accepted"
    assert value(rig, "SecurityCtrlr", "AdditionalRootCertificateCheck") == "true"
