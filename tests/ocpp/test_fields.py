"""What is told of the fields of a type."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import UNSET, UnsetType

from forecourt.ocpp import v2, v16
from forecourt.ocpp.fields import (
    INT64,
    Array,
    Choice,
    Field,
    Flag,
    Fraction,
    Moment,
    Nested,
    Text,
    VendorData,
    fields_of,
)
from forecourt.ocpp.message import Message, Timestamp


def test_names_needs_and_limits_are_those_of_the_annotations() -> None:
    by_name = {field.attribute: field for field in fields_of(v2.TransactionEvent)}

    assert by_name["seq_no"] == Field("seq_no", "seqNo", True, INT64)
    assert by_name["offline"] == Field("offline", "offline", False, Flag())
    assert by_name["timestamp"] == Field("timestamp", "timestamp", True, Moment())
    assert by_name["custom_data"] == Field("custom_data", "customData", False, VendorData())
    assert by_name["meter_value"].shape == Array(Nested(v2.MeterValue), 1, None)


def test_texts_choices_and_numbers_tell_their_limits() -> None:
    shapes = {field.attribute: field.shape for field in fields_of(v16.ChargingSchedulePeriod)}
    assert shapes["limit"] == Fraction(None, None, Decimal("0.1"))
    assert [field.shape for field in fields_of(v16.Authorize)] == [Text(20)]
    assert [field.shape for field in fields_of(v16.Reset)] == [Choice(frozenset({"Hard", "Soft"}))]


def test_a_field_that_no_generated_type_could_have_is_an_error() -> None:
    class Strange(Message, frozen=True, kw_only=True):
        at: Timestamp | UnsetType = UNSET
        what: bytes

    with pytest.raises(TypeError, match="bytes"):
        fields_of(Strange)
