"""Certification cases of 2.0.1 for stations about what is known of a customer (N09, N10)."""

from __future__ import annotations

from typing import Any

from forecourt.ocpp import v2
from tests.station.cases.test_station_201 import TAG, rig, version
from tests.station.rig import ACCEPTED, Rig

__all__ = ["rig", "version"]

DRIVER = v2.IdToken(id_token=TAG, type="ISO14443")


def known(rig: Rig) -> None:
    """The token is in the cache and in the local list, was used, and its session is over."""
    rig.set("AuthCtrlr.LocalPreAuthorize", "true")
    entry = v2.AuthorizationData(id_token=DRIVER, id_token_info=ACCEPTED)
    sent = v2.SendLocalList(version_number=1, update_type="Full", local_authorization_list=(entry,))
    assert rig.ask(sent).status == "Accepted"
    rig.session(seconds=20)
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    rig.hardware.unplug()
    rig.time.advance(2)


def asked(rig: Rig, *, report: bool, clear: bool = False, **who: Any) -> str:
    """CustomerInformation; returns all that is told, whose parts are in order and the last of which says so."""
    rig.fresh()
    request = v2.CustomerInformation(request_id=9, report=report, clear=clear, **(who or {"id_token": DRIVER}))
    assert rig.ask(request).status == "Accepted"
    parts = rig.of(v2.NotifyCustomerInformation)
    assert {part.request_id for part in parts} == {9}
    assert [part.seq_no for part in parts] == list(range(len(parts)))
    assert [part.tbc for part in parts] == [True] * (len(parts) - 1) + [False]
    return "".join(part.data for part in parts)


def test_TC_N_27_CS_what_is_known_of_a_customer_is_reported(rig: Rig) -> None:
    known(rig)
    told = asked(rig, report=True)
    assert TAG in told
    assert "local list" in told
    assert "cache" in told


def test_TC_N_28_CS_nothing_is_known_of_a_customer(rig: Rig) -> None:
    asked(rig, report=False, clear=True)
    assert asked(rig, report=True) == ""
    assert len(rig.of(v2.NotifyCustomerInformation)) == 1


def refused(rig: Rig, **asked: Any) -> str:
    answer: v2.CustomerInformationResponse = rig.ask(v2.CustomerInformation(request_id=9, **asked))
    assert rig.of(v2.NotifyCustomerInformation) == []
    return answer.status


def test_TC_N_29_CS_a_report_about_nobody_is_invalid(rig: Rig) -> None:
    assert refused(rig, report=True, clear=False) == "Invalid"


def test_TC_N_30_CS_what_is_known_of_a_customer_is_reported_and_erased(rig: Rig) -> None:
    known(rig)
    rig.ask(v2.SendLocalList(version_number=2, update_type="Full"))
    assert TAG in asked(rig, report=True, clear=True)
    assert asked(rig, report=True) == ""
    assert rig.last(v2.NotifyCustomerInformation).tbc is False


def test_TC_N_31_CS_nothing_is_known_of_a_customer_to_erase(rig: Rig) -> None:
    assert asked(rig, report=True, clear=True) == ""


def test_TC_N_32_CS_what_is_known_of_a_customer_is_erased(rig: Rig) -> None:
    known(rig)
    assert asked(rig, report=False, clear=True) == "Data of the customer has been cleared."
    assert "cache" not in asked(rig, report=True)


def test_TC_N_33_CS_erasing_nobody_is_invalid(rig: Rig) -> None:
    assert refused(rig, report=False, clear=True) == "Invalid"


def test_TC_N_62_CS_a_customer_is_erased_by_an_identifier(rig: Rig) -> None:
    known(rig)
    rig.ask(v2.SendLocalList(version_number=2, update_type="Full"))
    assert asked(rig, report=True, clear=True, customer_identifier=TAG) != ""
    assert asked(rig, report=True, customer_identifier=TAG) == ""


def test_a_request_for_nothing_is_rejected(rig: Rig) -> None:
    assert refused(rig, report=False, clear=False, id_token=DRIVER) == "Rejected"


def test_two_references_to_a_customer_are_invalid(rig: Rig) -> None:
    assert refused(rig, report=True, clear=False, id_token=DRIVER, customer_identifier=TAG) == "Invalid"


def test_who_charges_now_is_told(rig: Rig) -> None:
    rig.session(seconds=20)
    transaction_id = rig.of(v2.TransactionEvent)[0].transaction_info.transaction_id
    assert transaction_id in asked(rig, report=True)


def test_the_local_list_stays(rig: Rig) -> None:
    known(rig)
    asked(rig, report=True, clear=True)
    assert "local list" in asked(rig, report=True)
    assert rig.ask(v2.GetLocalListVersion()).version_number == 1
