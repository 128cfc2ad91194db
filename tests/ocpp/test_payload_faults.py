"""From what msgspec says to code, words and place."""

from __future__ import annotations

import msgspec
import pytest

from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.payload_faults import fault_of, joined, member, place_of


def test_a_sentence_that_msgspec_has_not_said_before_is_still_a_fault_with_its_place() -> None:
    fault = fault_of(msgspec.ValidationError("Something quite new - at `$.a[1].b`"), b"")
    assert (fault.code, fault.reason, fault.path) == (
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "value not allowed", "$.a[1].b",
    )  # fmt: skip


def test_a_path_counts_the_items_of_each_array() -> None:
    first, second = object(), object()
    assert joined("$", ".a", [first, second], second, ".b", (first,), first, ".c") == "$.a[1].b[0].c"


@pytest.mark.parametrize(
    ("name", "path"), [("a", "$.a"), ("a\0\n", r"$.a\x00\n"), ("é", "$.é"), ("x" * 61, "$." + "x" * 60 + "…")]
)
def test_a_path_can_be_printed(name: str, path: str) -> None:
    assert member("$", name) == path


def test_the_place_of_a_value_is_found_in_objects_arrays_and_names() -> None:
    payload = b'{"a":[1,{"b":2}],"c":3}'
    assert place_of(payload, lambda value: value == 2) == "$.a[1].b"
    assert place_of(payload, lambda value: value == "c") == "$.c"
    assert place_of(payload, lambda value: value == 4) == ""
    assert place_of(b"{", lambda value: True) == ""
