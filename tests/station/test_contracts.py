"""Contracts of vehicles: which are refused, who decides, and what becomes of a vehicle that was refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.hardware.interface import Contract
from forecourt.station.link import Failed
from tests.pki.authority import root
from tests.station.cases.test_station_201_contracts import on_the_list
from tests.station.rig import Rig
from tests.station.vehicles import (
    CONTRACT,
    EMAID,
    LEAF,
    MO_ROOT,
    MO_SUB1,
    MO_SUB2,
    RESPONDER,
    V2G_SUB1,
    arrives,
    equipped,
    install,
    judges,
)


def trusting(version: Version = V201, *, central: bool = False) -> Rig:
    """A station that has the root of the contract, and a management system that accepts it."""
    rig = equipped(version)
    install(rig, "MORootCertificate", MO_ROOT)
    if central:
        rig.set("ISO15118Ctrlr.CentralContractValidationAllowed", "true")
    judges(rig, "Accepted", "Accepted")
    return rig


def token_at(rig: Rig) -> str | None:
    authorization = rig.station.bays[1].authorization  # type: ignore[index]
    return None if authorization is None else authorization.token.value


def signed_by_hand(**more: Any) -> Contract:
    return Contract(EMAID, MO_SUB2.issue(EMAID, responder=RESPONDER, **more).pem + MO_SUB2.pem + MO_SUB1.pem)


STRANGER = root("MO root")
BAD = {
    "expired": signed_by_hand(days=1),
    "of another vehicle": Contract("DE8AA9Z9Z9Z9Z9", CONTRACT.chain),
    "without its authorities": Contract(EMAID, LEAF.pem),
    "none": Contract(EMAID, "nonsense"),
    "with the key of somebody else": Contract(EMAID, STRANGER.issue(EMAID, responder=RESPONDER).pem),
}


@pytest.mark.parametrize("contract", BAD.values(), ids=BAD)
def test_C07_a_contract_that_the_station_finds_wrong_is_not_asked_about(contract: Contract) -> None:
    rig = trusting()
    vehicle = arrives(rig, contract)
    assert rig.of(v2.Authorize) == []
    assert (token_at(rig), vehicle.paid) == (None, False)


@pytest.mark.parametrize("contract", [BAD["expired"], BAD["with the key of somebody else"], BAD["of another vehicle"]])
def test_C07_nor_is_it_where_others_may_check_what_the_station_cannot(contract: Contract) -> None:
    rig = trusting(central=True)
    assert arrives(rig, contract).paid is False
    assert rig.of(v2.Authorize) == []


def test_C07_FR_06_without_a_root_and_without_leave_to_have_it_checked_there_is_no_question() -> None:
    rig = equipped(V201)
    judges(rig, "Accepted", "Accepted")
    assert arrives(rig).paid is False
    assert rig.of(v2.Authorize) == []


def test_C07_a_contract_below_a_V2G_root_is_as_good() -> None:
    rig = trusting()
    leaf = V2G_SUB1.issue(EMAID, responder=RESPONDER)
    assert arrives(rig, Contract(EMAID, leaf.pem + V2G_SUB1.pem)).paid is True


def test_C07_hyphens_and_the_check_digit_of_an_eMAID_do_not_matter() -> None:
    rig = trusting()
    assert arrives(rig, Contract("de-8aa-1a2b3c4d5-6", CONTRACT.chain)).paid is True
    assert rig.last(v2.Authorize).id_token.id_token == "de-8aa-1a2b3c4d5-6"


def test_C07_FR_02_a_certificate_that_nobody_can_be_asked_about_is_refused_unless_others_may_check_it() -> None:
    alone = root("MO root 2")
    contract = Contract(EMAID, alone.issue(EMAID).pem)
    rig = trusting()
    install(rig, "MORootCertificate", alone)
    assert arrives(rig, contract).paid is False
    assert rig.of(v2.Authorize) == []
    rig.hardware.unplug()
    rig.set("ISO15118Ctrlr.CentralContractValidationAllowed", "true")
    assert arrives(rig, contract).paid is True
    assert rig.last(v2.Authorize).iso15118_certificate_hash_data is UNSET


@pytest.mark.parametrize(
    ("verdict", "certificate"),
    [("Accepted", "CertificateRevoked"), ("Accepted", UNSET), ("ConcurrentTx", "Accepted"), ("Blocked", "Accepted")],
)
def test_C07_certificate_and_eMAID_must_both_be_accepted(verdict: Any, certificate: Any) -> None:
    rig = trusting()
    judges(rig, verdict, certificate)
    assert arrives(rig).paid is False
    assert token_at(rig) is None


def test_C07_a_revoked_certificate_is_not_remembered_as_accepted() -> None:
    rig = trusting()
    rig.set("ISO15118Ctrlr.ContractValidationOffline", "true")
    judges(rig, "Accepted", "CertificateRevoked")
    arrives(rig)
    rig.hardware.unplug()
    rig.link.up = False
    rig.link.cut()
    assert arrives(rig).paid is False


def test_C07_no_answer_is_no_leave() -> None:
    rig = trusting()
    on_the_list(rig)
    rig.set("ISO15118Ctrlr.ContractValidationOffline", "true")
    rig.answers[v2.Authorize] = lambda request: Failed("InternalError")
    assert arrives(rig).paid is False


def test_C07_FR_08_a_connection_that_is_lost_meanwhile_leaves_it_to_the_station() -> None:
    rig = trusting()
    on_the_list(rig)
    rig.set("ISO15118Ctrlr.ContractValidationOffline", "true")
    rig.answers[v2.Authorize] = lambda request: None
    vehicle = arrives(rig)
    assert vehicle.paid is None
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(5)
    assert vehicle.paid is True


@pytest.mark.parametrize("contract", [BAD["expired"], BAD["with the key of somebody else"]])
def test_C07_FR_09_offline_the_chain_counts_before_the_list(contract: Contract) -> None:
    rig = trusting()
    on_the_list(rig)
    rig.set("ISO15118Ctrlr.ContractValidationOffline", "true")
    rig.link.up = False
    rig.link.cut()
    assert arrives(rig, contract).paid is False


@pytest.mark.parametrize("allowed", [True, False])
def test_C07_FR_12_offline_an_unknown_contract_is_as_an_unknown_card(allowed: bool) -> None:
    rig = trusting()
    rig.set("ISO15118Ctrlr.ContractValidationOffline", "true")
    rig.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", str(allowed).lower())
    rig.link.up = False
    rig.link.cut()
    assert arrives(rig).paid is allowed


def test_where_nobody_may_be_asked_the_list_decides() -> None:
    rig = trusting()
    rig.set("AuthCtrlr.DisableRemoteAuthorization", "true")
    assert arrives(rig).paid is False
    rig.hardware.unplug()
    on_the_list(rig)
    assert arrives(rig).paid is True
    assert rig.of(v2.Authorize) == []


def test_C08_who_is_refused_may_show_a_card() -> None:
    rig = trusting()
    rig.set("ISO15118Ctrlr.PnCEnabled", "false")
    vehicle = arrives(rig)
    assert (rig.of(v2.Authorize), vehicle.paid) == ([], False)
    assert rig.hardware.shown == ["Not accepted: Invalid"]
    rig.hardware.swipe("TAG001")
    rig.time.advance(10)
    assert token_at(rig) == "TAG001"


def test_a_card_that_comes_first_stays_and_the_vehicle_is_told_that_it_may_charge() -> None:
    rig = trusting()
    rig.hardware.swipe("TAG001", evse_id=1)
    rig.time.advance(2)
    rig.fresh()
    assert arrives(rig).paid is True
    assert rig.of(v2.Authorize) == []
    assert token_at(rig) == "TAG001"


def test_a_verdict_is_not_for_the_next_vehicle() -> None:
    rig = trusting()
    accepting = rig.answers[v2.Authorize]

    def meanwhile(request: v2.Authorize) -> Any:
        rig.hardware.unplug()
        rig.hardware.plug()
        return accepting(request)

    rig.answers[v2.Authorize] = meanwhile
    assert arrives(rig).paid is None
    assert len(rig.of(v2.Authorize)) == 1
    assert token_at(rig) is None


def test_an_evse_that_is_reserved_for_somebody_else_is_not_for_the_contract() -> None:
    rig = trusting()
    reserve = v2.ReserveNow(
        id=1,
        evse_id=1,
        expiry_date_time=rig.time.now() + timedelta(hours=1),
        id_token=v2.IdToken(id_token="TAG009", type="ISO14443"),
    )
    assert rig.ask(reserve).status == "Accepted"
    assert arrives(rig).paid is False
    assert token_at(rig) is None


def test_a_contract_holds_also_after_a_reset_that_leaves_the_transaction_alone() -> None:
    rig = trusting(V21)
    rig.set("TxCtrlr.ResumptionTimeout", "999")
    vehicle = arrives(rig)
    rig.fresh()
    vehicle.paid = None
    assert rig.ask(v2.Reset(type="ImmediateAndResume")).status == "Accepted"
    rig.time.advance(60)
    assert rig.of(v2.Authorize) == []
    assert token_at(rig) == EMAID
    assert vehicle.paid is True


def test_in_2_0_1_a_chain_that_is_too_long_is_left_out_or_not_asked_about() -> None:
    authorities = [MO_SUB2]
    for number in range(3):
        authorities.insert(0, authorities[0].issue(f"MO below {number} " + 40 * "x", ca=True, use_rsa=True))
    leaf = authorities[0].issue(EMAID, responder=RESPONDER, use_rsa=True)
    chain = "".join(one.pem for one in (leaf, *authorities, MO_SUB1))
    contract = Contract(EMAID, chain)
    assert len(chain) > 5500
    rig = trusting(V201, central=True)
    assert arrives(rig, contract).paid is True
    assert rig.last(v2.Authorize).certificate is UNSET
    for version, asks in ((V201, False), (V21, True)):
        rig = equipped(version)
        rig.set("ISO15118Ctrlr.CentralContractValidationAllowed", "true")
        judges(rig, "Accepted", "Accepted")
        assert arrives(rig, contract).paid is asks
        assert bool(rig.of(v2.Authorize)) is asks
