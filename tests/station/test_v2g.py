"""The certificate that vehicles are shown: when it is renewed, what is refused, and how long an answer about it counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from forecourt.pki.certificates import read
from forecourt.pki.keys import belongs
from forecourt.station.blocks.certificates.store import STAPLES
from forecourt.station.hardware.interface import Secc
from tests.pki.authority import BEGIN
from tests.station.rig import Rig
from tests.station.signing import OPERATOR, certified, wire
from tests.station.vehicles import (
    V2G_ROOT,
    V2G_SUB1,
    V2G_SUB2,
    ask_to_sign,
    asked_of,
    chain_for,
    chains_listed,
    equipped,
    good,
    hand_over,
    install,
    named,
    renewed,
    said_of,
    v2g_names,
)


def secc(rig: Rig) -> Secc:
    assert rig.hardware.secc is not None
    return rig.hardware.secc


def keys_of(rig: Rig) -> list[Any]:
    return [x509.load_pem_x509_csr(asked.csr.encode()).public_key() for asked in rig.of(v2.SignCertificate)]


def accepting(rig: Rig) -> Rig:
    rig.answers[v2.SignCertificate] = lambda request: v2.SignCertificateResponse(status="Accepted")
    return rig


def test_vehicles_are_shown_the_same_after_the_power_was_away() -> None:
    rig = equipped(V201)
    rig.answers[v2.GetCertificateStatus] = good()
    renewed(rig)
    before = secc(rig)
    assert belongs(read(before.chain)[0], before.key)
    assert before.key[30:60] not in repr(before)
    rig.powered.cut_power()
    assert rig.hardware.secc is None
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(60)
    assert secc(rig) == before
    assert asked_of(rig) == []


def test_M06_FR_10_the_answers_are_never_older_than_a_week() -> None:
    rig = equipped(V21)
    rig.answers[v2.GetCertificateStatus] = good()
    renewed(rig)
    rig.fresh()
    rig.time.advance(5.5 * 86_400)
    assert asked_of(rig) == []
    rig.time.advance(1.5 * 86_400)
    assert len(asked_of(rig)) == 3


def test_M06_FR_07_what_is_new_is_asked_about_at_once_and_what_is_gone_is_forgotten() -> None:
    rig = accepting(equipped(V201))
    rig.answers[v2.GetCertificateStatus] = good()
    renewed(rig)
    rig.fresh()
    chain = chain_for(ask_to_sign(rig))
    assert hand_over(rig, chain) == "Accepted"
    (asked,) = asked_of(rig)
    assert asked.serial_number == v2g_names(chain)[0].serial_number
    kept = rig.powered.storage
    assert len(list(kept.items(STAPLES))) == 3
    assert all(secc(rig).staples)


@pytest.mark.parametrize("result", ["no base64!", "AAAA", "another"])
def test_M06_what_is_no_answer_about_the_certificate_is_not_shown(result: str) -> None:
    rig = equipped(V201)

    def answer(request: v2.GetCertificateStatus) -> v2.GetCertificateStatusResponse:
        text = said_of(request.ocsp_request_data, number=1) if result == "another" else result
        return v2.GetCertificateStatusResponse(status="Accepted", ocsp_result=text)

    rig.answers[v2.GetCertificateStatus] = answer
    renewed(rig)
    assert len(asked_of(rig)) == 3
    assert secc(rig).staples == (b"", b"", b"")


def test_M06_what_names_no_responder_or_one_too_long_is_not_asked_about() -> None:
    rig = accepting(equipped(V201))
    rig.answers[v2.GetCertificateStatus] = good()
    csr = ask_to_sign(rig)
    long = V2G_SUB1.issue("V2G sub 2", ca=True, responder="http://" + 512 * "a")
    assert hand_over(rig, long.sign_request(csr) + long.pem + V2G_SUB1.pem) == "Accepted"
    (asked,) = asked_of(rig)
    assert asked.serial_number == named(V2G_SUB1, V2G_ROOT)[0].serial_number
    assert [bool(one) for one in secc(rig).staples] == [False, False, True]


def test_A02_FR_06_a_chain_that_does_not_end_at_a_V2G_root_is_rejected() -> None:
    rig = accepting(certified(V201))
    install(rig, "V2GRootCertificate", V2G_ROOT)
    assert hand_over(rig, OPERATOR.sign_request(ask_to_sign(rig))) == "Rejected"
    assert rig.last(v2.SecurityEventNotification).type == "InvalidChargingStationCertificate"
    assert rig.hardware.secc is None
    assert chains_listed(rig, "V2GCertificateChain") == []
    # Nothing is asked for any more, so a good one comes too late.
    assert hand_over(rig, chain_for(rig.last(v2.SignCertificate).csr)) == "Rejected"


def test_A02_a_certificate_for_another_use_is_rejected() -> None:
    rig = accepting(equipped(V21))
    csr = ask_to_sign(rig)
    asked = v2.CertificateSigned(certificate_chain=chain_for(csr), certificate_type="V2G20Certificate")
    assert rig.ask(asked).status == "Rejected"
    assert hand_over(rig, chain_for(csr)) == "Accepted"


def test_A02_both_certificates_are_asked_for_side_by_side() -> None:
    rig = accepting(certified(V201))
    install(rig, "V2GRootCertificate", V2G_ROOT)
    for_vehicles = ask_to_sign(rig)
    assert rig.ask(v2.TriggerMessage(requested_message="SignChargingStationCertificate")).status == "Accepted"
    own = rig.last(v2.SignCertificate)
    assert own.certificate_type == "ChargingStationCertificate"
    answer = rig.ask(v2.CertificateSigned(certificate_chain=OPERATOR.sign_request(own.csr)))
    assert answer.status == "Accepted"
    assert hand_over(rig, chain_for(for_vehicles)) == "Accepted"


def test_A02_FR_17_the_request_is_sent_again_also_after_the_power_was_away() -> None:
    rig = accepting(equipped(V201))
    csr = ask_to_sign(rig)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.fresh()
    rig.time.advance(65)
    assert keys_of(rig) == [x509.load_pem_x509_csr(csr.encode()).public_key()]
    assert hand_over(rig, chain_for(csr)) == "Accepted"


def test_A03_FR_02_it_is_renewed_a_month_before_its_end_where_that_is_enabled() -> None:
    rig = accepting(equipped(V201))
    days = (rig.time.now() - BEGIN + timedelta(days=60)) / timedelta(days=1)
    assert hand_over(rig, chain_for(ask_to_sign(rig), days=days)) == "Accepted"
    rig.set("ISO15118Ctrlr.V2GCertificateInstallationEnabled", "false")
    rig.fresh()
    rig.time.advance(40 * 86_400)
    assert rig.of(v2.SignCertificate) == []
    rig.set("ISO15118Ctrlr.V2GCertificateInstallationEnabled", "true")
    rig.time.advance(86_400)
    assert rig.of(v2.SignCertificate)[0].certificate_type == "V2GCertificate"


def test_A02_none_is_asked_for_where_installing_is_disabled() -> None:
    rig = equipped(V201)
    rig.set("ISO15118Ctrlr.V2GCertificateInstallationEnabled", "false")
    assert rig.ask(v2.TriggerMessage(requested_message="SignV2GCertificate")).status == "Rejected"
    assert rig.of(v2.SignCertificate) == []


def test_without_a_SeccId_the_certificate_names_the_station() -> None:
    rig = accepting(equipped(V201))
    assert read(chain_for(ask_to_sign(rig)))[0].subject.rfc4514_string().endswith("CN=CS001")


def test_M04_FR_06_the_certificate_for_vehicles_is_not_deleted() -> None:
    rig = equipped(V201)
    leaf, *_ = v2g_names(renewed(rig))
    assert rig.ask(v2.DeleteCertificate(certificate_hash_data=wire(leaf))).status == "Failed"
    assert len(chains_listed(rig, "V2GCertificateChain")) == 1


def test_M03_the_authority_whose_root_is_gone_is_not_named() -> None:
    rig = equipped(V201)
    names = v2g_names(renewed(rig))
    (of_root,) = named(V2G_ROOT, V2G_ROOT)
    assert rig.ask(v2.DeleteCertificate(certificate_hash_data=wire(of_root))).status == "Accepted"
    (listed,) = chains_listed(rig)
    assert listed.certificate_hash_data == wire(names[0])
    assert listed.child_certificate_hash_data == (wire(named(V2G_SUB2, V2G_SUB1)[0]),)
