"""What the peer is answered for a faulty frame: the tables in the docstring of `faults`, row by row."""

from __future__ import annotations

import json
from typing import TypeAlias

import pytest

from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.events import BreachKind
from forecourt.ocpp.faults import FrameError
from forecourt.ocpp.frames import encode
from forecourt.ocpp.parsing import parse
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS, Version

Answer: TypeAlias = tuple[int, str, str] | None

UNREADABLE: Answer = (4, "-1", "RpcFrameworkError")
DEEP = b"[" * 70 + b"]" * 70


def fault_of(data: bytes, version: Version, reading: Reading = Reading.STRICT) -> tuple[BreachKind, Answer]:
    with pytest.raises(FrameError) as caught:
        parse(data, version, reading)
    answer = caught.value.answer
    if answer is None:
        return caught.value.kind, None
    message_type, message_id, code, description, details = json.loads(encode(answer))
    assert description
    assert details == {}
    return caught.value.kind, (message_type, message_id, code)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"hello",
        b"\xff\xfe",
        b'\xef\xbb\xbf[2,"7","Reset",{}]',
        b"{}",
        b'"7"',
        b"null",
        b"[]",
        b"[2]",
        b"[2",
        b"[2,",
        b'[2,"7',
        b'[2,"\xff","Reset",{}]',
        b'[2,"\xff","Reset",{',
        b'[2,"","Reset",{}]',
        b'[2,null,"Reset",{}]',
        b'["2"]',
        b"[null,null]",
        DEEP,
    ],
)
def test_without_a_readable_id_2_x_answers_minus_one_and_1_6_nothing(data: bytes) -> None:
    assert fault_of(data, V16)[1] is None
    assert fault_of(data, V201)[1] == UNREADABLE
    assert fault_of(data, V21)[1] == UNREADABLE
    assert fault_of(data, V21)[0] in (BreachKind.UNREADABLE_FRAME, BreachKind.TOO_DEEP)


@pytest.mark.parametrize(
    "data", [b'[2,"7"', b'[2,"7","Re', b'[2,"7",{"a"', b'[2,"7",Reset,{}]', b'[2,"7",' + DEEP + b"]"]
)
def test_disorder_after_the_id_is_a_format_violation_in_1_6_and_a_framework_error_in_2_x(data: bytes) -> None:
    assert fault_of(data, V16)[1] == (4, "7", "FormatViolation")
    assert fault_of(data, V201)[1] == (4, "7", "RpcFrameworkError")
    assert fault_of(data, V21)[1] == (4, "7", "RpcFrameworkError")


@pytest.mark.parametrize(
    "data",
    [
        b'[2,"7","Reset",',
        b'[2,"7","Reset",{"a":}]',
        b'[2,"7","Reset",{}} ]',
        b'[2,"7","Reset",{"a":"\xff"}]',
        b'[2,"7","Reset",{"a":"\n"}]',
        b' [ 2 , "7" , "\\"" , {',
    ],
)
@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_disorder_in_the_payload_is_a_format_violation_in_every_version(data: bytes, version: Version) -> None:
    assert fault_of(data, version)[1] == (4, "7", "FormatViolation")


@pytest.mark.parametrize(
    "data",
    [
        b'[2,"7"]',
        b'[2,"7","Reset"]',
        b'[2,"7",5,{}]',
        b'[2,"7",null,{}]',
        b'["2","7","Reset",{}]',
        b'[2.0,"7","Reset",{}]',
        b'[true,"7","Reset",{}]',
        b'[null,"7"]',
    ],
)
@pytest.mark.parametrize("reading", Reading)
def test_the_wrong_structure_is_a_protocol_error_in_1_6_and_a_framework_error_in_2_x(
    data: bytes, reading: Reading
) -> None:
    assert fault_of(data, V16, reading) == (BreachKind.BROKEN_FRAME, (4, "7", "ProtocolError"))
    assert fault_of(data, V201, reading) == (BreachKind.BROKEN_FRAME, (4, "7", "RpcFrameworkError"))
    assert fault_of(data, V21, reading) == (BreachKind.BROKEN_FRAME, (4, "7", "RpcFrameworkError"))


def test_an_id_that_is_too_long_is_answered_with_that_id() -> None:
    long_id = "x" * 37
    data = f'[2,"{long_id}","Reset",{{}}]'.encode()
    assert fault_of(data, V16)[1] == (4, long_id, "ProtocolError")
    assert fault_of(data, V21)[1] == (4, long_id, "RpcFrameworkError")


@pytest.mark.parametrize("message_type", [0, 1, 7, -1, 10**9, 10**12])
@pytest.mark.parametrize("rest", [b',"7"]', b',"7",{},{},{},{}]'])
def test_an_unknown_message_type_is_named_so_in_2_x_and_ignored_in_1_6(message_type: int, rest: bytes) -> None:
    data = b"[%d%s" % (message_type, rest)
    assert fault_of(data, V16) == (BreachKind.UNKNOWN_TYPE, None)
    assert fault_of(data, V201) == (BreachKind.UNKNOWN_TYPE, (4, "7", "MessageTypeNotSupported"))
    assert fault_of(data, V21) == (BreachKind.UNKNOWN_TYPE, (4, "7", "MessageTypeNotSupported"))


def test_the_payload_of_an_unknown_message_type_is_ignored_even_in_disorder() -> None:
    data = b'[9,"7",{{{'
    assert fault_of(data, V16) == (BreachKind.UNKNOWN_TYPE, None)
    assert fault_of(data, V21) == (BreachKind.UNKNOWN_TYPE, (4, "7", "MessageTypeNotSupported"))


def test_an_unknown_message_type_without_a_readable_id_is_an_unreadable_frame() -> None:
    assert fault_of(b"[9,{}]", V16)[1] is None
    assert fault_of(b"[9,{}]", V201)[1] == UNREADABLE
    assert fault_of(b"[9,{}]", V21)[1] == UNREADABLE


@pytest.mark.parametrize(
    "data", [b'[5,"7","GenericError","",{}]', b'[6,"7","NotifyPeriodicEventStream",{}]', b'[6,"7",']
)
def test_the_types_of_2_1_are_unknown_before(data: bytes) -> None:
    assert fault_of(data, V16) == (BreachKind.UNKNOWN_TYPE, None)
    assert fault_of(data, V201) == (BreachKind.UNKNOWN_TYPE, (4, "7", "MessageTypeNotSupported"))


@pytest.mark.parametrize(
    ("data", "message_id", "code"),
    [
        (b'[3,"7"]', "7", "RpcFrameworkError"),
        (b'[3,"7",{},1]', "7", "RpcFrameworkError"),
        (b'[3,"7"', "7", "RpcFrameworkError"),
        (b'[3,"7",{"a":', "7", "FormatViolation"),
        (b'[3,"7","a', "7", "FormatViolation"),
        (b"[3,null,{}]", "-1", "RpcFrameworkError"),
        (b'[3,"7', "-1", "RpcFrameworkError"),
    ],
)
def test_a_faulty_answer_is_refused_in_2_1_only(data: bytes, message_id: str, code: str) -> None:
    assert fault_of(data, V16)[1] is None
    assert fault_of(data, V201)[1] is None
    assert fault_of(data, V21)[1] == (5, message_id, code)


@pytest.mark.parametrize(
    "data",
    [
        b'[4,"7"]',
        b'[4,"7",5,"",{}]',
        b'[4,"7","X",',
        b'[4,"7","X","",{"a":' + DEEP + b"}]",
        b'[4,"7","X","\xff",{}]',
        b"[4]",
        b'[4,null,"X","",{}]',
        b'[4,"7',
    ],
)
@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_a_faulty_error_is_never_answered(data: bytes, version: Version) -> None:
    assert fault_of(data, version)[1] is None


@pytest.mark.parametrize("message_type", [b"5", b"6"])
@pytest.mark.parametrize("rest", [b"]", b',"7"]', b',"7",5,{}]', b',"7","A",{', b",null]", b',"7","A",{"a":"\xff"}]'])
def test_a_faulty_send_or_refusal_of_an_answer_is_never_answered(message_type: bytes, rest: bytes) -> None:
    assert fault_of(b"[" + message_type + rest, V21)[1] is None


def test_a_huge_action_does_not_hide_where_the_disorder_is_for_long() -> None:
    data = b'[2,"7","' + b"x" * 500_000 + b'",{'
    assert fault_of(data, V21)[1] == (4, "7", "RpcFrameworkError")
