"""How frames are written, and which codes each version has."""

from __future__ import annotations

import json

import msgspec
import pytest

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.frames import (
    RULES,
    Call,
    CallResult,
    CallResultError,
    Frame,
    Send,
    call_error,
    call_result_error,
    encode,
    heard_code,
)
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS

PAYLOAD = msgspec.Raw(b'{"status":"Accepted"}')


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (Call("7", "Reset", PAYLOAD), [2, "7", "Reset", {"status": "Accepted"}]),
        (CallResult("7", PAYLOAD), [3, "7", {"status": "Accepted"}]),
        (call_error("7", ErrorCode.NOT_SUPPORTED, "no"), [4, "7", "NotSupported", "no", {}]),
        (call_error("7", ErrorCode.GENERIC_ERROR, "no", {"a": 1}), [4, "7", "GenericError", "no", {"a": 1}]),
        (call_result_error("7", ErrorCode.FORMAT_VIOLATION), [5, "7", "FormatViolation", "", {}]),
        (
            Send("7", "NotifyPeriodicEventStream", PAYLOAD),
            [6, "7", "NotifyPeriodicEventStream", {"status": "Accepted"}],
        ),
    ],
)
def test_a_frame_is_written_as_its_array(frame: Frame, expected: list[object]) -> None:
    assert json.loads(encode(frame)) == expected


def test_a_message_id_is_escaped() -> None:
    assert json.loads(encode(Call('"\\', "Reset", PAYLOAD)))[1] == '"\\'


def test_an_error_description_is_cut_to_255_characters() -> None:
    assert call_error("7", ErrorCode.INTERNAL_ERROR, "ü" * 256).description == "ü" * 255
    assert call_result_error("7", ErrorCode.INTERNAL_ERROR, "ü" * 256).description == "ü" * 255


def test_a_description_that_utf_8_cannot_hold_is_written_all_the_same() -> None:
    assert json.loads(encode(call_error("7", ErrorCode.INTERNAL_ERROR, "a\ud800b")))[3] == "a?b"


@pytest.mark.parametrize("details", [{"a": object()}, {"a": "\ud800"}, {1.5: {2: object()}}])
def test_details_that_are_no_json_are_refused_to_the_caller(details: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        encode(call_error("7", ErrorCode.INTERNAL_ERROR, "", details))


def test_details_that_contain_themselves_are_refused_to_the_caller() -> None:
    details: dict[str, object] = {}
    details["again"] = details
    with pytest.raises(LocalProtocolError):
        encode(CallResultError("7", "GenericError", "", details))


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("FormationViolation", ErrorCode.FORMAT_VIOLATION),
        ("FormatViolation", ErrorCode.FORMAT_VIOLATION),
        ("OccurenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("OccurrenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("NotSupported", ErrorCode.NOT_SUPPORTED),
    ],
)
def test_both_spellings_of_an_error_code_are_understood(heard: str, meant: ErrorCode) -> None:
    assert heard_code(heard) is meant


def test_an_error_code_that_nobody_specified_stays_text() -> None:
    assert heard_code("VendorError") == "VendorError"
    assert not isinstance(heard_code("VendorError"), ErrorCode)
    assert heard_code("x" * 1000) == "x" * 50


def test_1_6_lacks_two_error_codes() -> None:
    assert set(ErrorCode) - RULES[V16].codes == {ErrorCode.RPC_FRAMEWORK_ERROR, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED}
    assert set(ErrorCode) == RULES[V201].codes == RULES[V21].codes


def test_every_version_has_rules_and_its_own_codes_in_them() -> None:
    assert set(RULES) == set(VERSIONS.values())
    for rules in RULES.values():
        assert {rules.broken, rules.unparsable, rules.unknown_type or rules.broken} <= rules.codes
