from __future__ import annotations

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.fields import VendorData, fields_of
from forecourt.ocpp.soap import CENTRAL_SYSTEM, CHARGE_POINT, OPERATIONS, WITHOUT_SOAP, Operation, operation_of
from forecourt.ocpp.soap.operations import LOCATIONS, MAY_BE_EMPTY, ORDER, SPELLINGS
from forecourt.ocpp.soap.sequences import sequence_of
from forecourt.ocpp.versions import V16
from tests.ocpp.soap.samples import ALL, name_of


def test_the_two_services_have_the_28_actions_of_1_6_between_them() -> None:
    assert len(OPERATIONS[CENTRAL_SYSTEM]) == 10
    assert len(OPERATIONS[CHARGE_POINT]) == 19
    assert len({operation.name for operation in ALL}) == 28
    assert OPERATIONS[CENTRAL_SYSTEM].keys() & OPERATIONS[CHARGE_POINT].keys() == {"DataTransfer"}


def test_what_has_no_soap_form_are_the_11_actions_of_the_security_whitepaper() -> None:
    assert len(WITHOUT_SOAP) == 11
    assert {"SignCertificate", "SecurityEventNotification", "ExtendedTriggerMessage"} < WITHOUT_SOAP


@pytest.mark.parametrize("operation", ALL, ids=name_of)
def test_a_service_hears_what_the_other_side_may_send(operation: Operation) -> None:
    action = V16.actions[operation.name]
    assert (operation.request, operation.response) == (action.request, action.response)
    assert action.from_station if operation.service is CENTRAL_SYSTEM else action.from_csms


def test_elements_are_named_after_the_operation() -> None:
    boot = operation_of(CENTRAL_SYSTEM, "BootNotification")
    assert (boot.request_element, boot.response_element) == ("bootNotificationRequest", "bootNotificationResponse")


def test_an_operation_that_a_service_lacks_is_our_own_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="Reset is no operation of the CentralSystemService") as caught:
        operation_of(CENTRAL_SYSTEM, "Reset")
    assert caught.value.code is ErrorCode.NOT_SUPPORTED


def test_the_tables_name_fields_that_exist() -> None:
    for struct, names in ORDER.items():
        own = [field.wire for field in fields_of(struct)]
        assert sorted(names) == sorted(own)
        assert list(names) != own, f"{struct.__name__} needs no row"
    for struct, name in (*MAY_BE_EMPTY, *LOCATIONS, *SPELLINGS):
        assert name in {field.wire for field in fields_of(struct)}


def test_the_order_of_elements_is_that_of_the_service_and_not_of_json() -> None:
    assert [element.name for element in sequence_of(v16.StopTransaction).elements] == [
        "transactionId",
        "idTag",
        "timestamp",
        "meterStop",
        "reason",
        "transactionData",
    ]


def test_a_field_that_no_element_can_hold_is_noticed() -> None:
    assert any(isinstance(field.shape, VendorData) for field in fields_of(v2.Heartbeat))
    with pytest.raises(TypeError, match="no element can hold"):
        sequence_of(v2.Heartbeat)
