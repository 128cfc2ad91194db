"""What is taken for a frame, what is forgiven, and what is not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.ocpp.deviations import DeviationKind, Reading
from forecourt.ocpp.events import BreachKind
from forecourt.ocpp.faults import FrameError
from forecourt.ocpp.frames import Call, CallError, CallResult, CallResultError, Frame, Send, encode
from forecourt.ocpp.parsing import FrameDeviation, parse
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS, Version

ID = "0123456789abcdef0123456789abcdef0123"
PAYLOAD = msgspec.Raw(b'{"a": [1]}')

every_version = pytest.mark.parametrize("version", VERSIONS.values(), ids=str)


def parsed(data: bytes | str | memoryview, version: Version = V21) -> Frame:
    frame, deviations = parse(data, version)
    assert deviations == ()
    return frame


def nested(depth: int) -> bytes:
    """A CALLERROR that nests `depth` deep; the payloads of other frames are bounded by those who read them."""
    return b'[4,"7","GenericError","",{"a":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}]"


@every_version
@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (b'[2,"%s","Reset",{"a": [1]}]' % ID.encode(), Call(ID, "Reset", PAYLOAD)),
        (b' [ 2 ,\t"7" ,\r\n"Reset", {"a": [1]} ] ', Call("7", "Reset", PAYLOAD)),
        (b'[2,"\\u0037","Reset",{"a": [1]}]', Call("7", "Reset", PAYLOAD)),
        (b'[2,"-1","",{"a": [1]}]', Call("-1", "", PAYLOAD)),
        (b'[3,"7",{"a": [1]}]', CallResult("7", PAYLOAD)),
        (b'[4,"7","GenericError","",{"a":[1]}]', CallError("7", "GenericError", "", {"a": [1]})),
        ('[4,"7","GenericError","zu spät",{}]'.encode(), CallError("7", "GenericError", "zu spät", {})),
    ],
)
def test_a_frame_is_read_in_every_version(data: bytes, frame: Frame, version: Version) -> None:
    assert parsed(data, version) == frame


def test_2_1_has_two_more_types() -> None:
    assert parsed(b'[5,"7","GenericError","",{}]') == CallResultError("7", "GenericError", "", {})
    assert parsed(b'[6,"7","A",{"a": [1]}]') == Send("7", "A", PAYLOAD)


@every_version
def test_text_is_as_good_as_bytes(version: Version) -> None:
    assert parsed('[4,"7","GenericError","zu spät",{}]', version) == CallError("7", "GenericError", "zu spät", {})


def test_a_payload_outlives_the_buffer_that_it_came_in() -> None:
    buffer = bytearray(b'[2,"7","Reset",{"a": [1]}]')
    frame = parsed(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert frame == Call("7", "Reset", PAYLOAD)


@pytest.mark.parametrize(
    "data",
    [b'[3,"7",{"a":1}]', '[3,"7",{"a":1}]', memoryview(b'[3,"7",{"a":1}]'), '[3,"7",{"ü":1}]'],
    ids=["bytes", "text", "view", "text of more bytes than characters"],
)
def test_a_message_may_be_as_large_as_the_limit_and_no_larger(data: bytes | str | memoryview) -> None:
    size_bytes = len(data.encode()) if isinstance(data, str) else len(data)
    parse(data, V21, size_limit_bytes=size_bytes)
    with pytest.raises(FrameError) as caught:
        parse(data, V21, size_limit_bytes=size_bytes - 1)
    assert caught.value.kind is BreachKind.TOO_BIG
    assert caught.value.answer is None


@every_version
def test_a_message_may_nest_as_deep_as_the_limit_and_no_deeper(version: Version) -> None:
    parse(nested(20), version, depth_limit=20)
    with pytest.raises(FrameError) as caught:
        parse(nested(21), version, depth_limit=20)
    assert caught.value.kind is BreachKind.TOO_DEEP
    assert caught.value.message_id == "7"


def test_many_brackets_are_not_deep() -> None:
    parse(b'[4,"7","GenericError","",{"a":[' + b"{},[]," * 10_000 + b"{}]}]", V21)


def test_brackets_in_texts_are_not_deep() -> None:
    texts = [r'"[[[[["', r'"\"[[["', r'"\\\"{{{"', r'"[[\\"', r'"ü[["']
    parse(f'[4,"7","GenericError","",{{"a":[{",".join(texts * 20)}]}}]', V21, depth_limit=3)


def test_a_message_deeper_than_any_stack_is_refused() -> None:
    with pytest.raises(FrameError) as caught:
        parse(nested(500_000), V21)
    assert caught.value.kind is BreachKind.TOO_DEEP


def test_a_depth_limit_beyond_the_stack_of_python_is_safe() -> None:
    with pytest.raises(FrameError) as caught:
        parse(nested(100_000), V21, depth_limit=1_000_000)
    assert caught.value.kind is BreachKind.TOO_DEEP
    with pytest.raises(FrameError) as caught:
        parse(b'[4,"7",' + b"[" * 100_000 + b"]" * 100_000 + b',"",{}]', V21, depth_limit=1_000_000)
    assert caught.value.kind is BreachKind.TOO_DEEP


@given(st.recursive(st.text('[]{}"\\ü', max_size=5), lambda inner: st.lists(inner, max_size=3)), st.booleans())
def test_depth_is_counted_exactly(value: Any, ascii_only: bool) -> None:
    def depth(value: Any) -> int:
        return 1 + max((depth(item) for item in value), default=0) if isinstance(value, list) else 0

    data = json.dumps([4, "7", "GenericError", "", {"a": value}], ensure_ascii=ascii_only).encode()
    # Two passes of padding force the exact count.
    limit = 2 + depth(value)
    parse(data, V21, depth_limit=limit)
    with pytest.raises(FrameError):
        parse(data, V21, depth_limit=limit - 1)


class TestForgiven:
    """What tolerant reading forgives, strict reading refuses."""

    @staticmethod
    def tolerated(data: str, version: Version = V21) -> tuple[Frame, list[tuple[str, str, str]]]:
        with pytest.raises(FrameError) as caught:
            parse(data, version, Reading.STRICT)
        assert caught.value.kind in (BreachKind.BROKEN_FRAME, BreachKind.UNREADABLE_FRAME)
        frame, deviations = parse(data, version, Reading.TOLERANT)
        return frame, [(deviation.kind, deviation.path, deviation.value) for deviation in deviations]

    @every_version
    def test_a_message_id_of_up_to_255_characters(self, version: Version) -> None:
        frame, deviations = self.tolerated(f'[3,"{"x" * 255}",{{}}]', version)
        assert frame.id == "x" * 255
        assert [(kind, path) for kind, path, _ in deviations] == [(FrameDeviation.ID_TOO_LONG, "[1]")]
        with pytest.raises(FrameError):
            parse(f'[3,"{"x" * 256}",{{}}]', version, Reading.TOLERANT)

    @every_version
    @pytest.mark.parametrize("number", [0, 17, -3, 2**62])
    def test_a_message_id_sent_as_an_integer(self, version: Version, number: int) -> None:
        frame, deviations = self.tolerated(f'[2,{number},"Reset",{{}}]', version)
        assert frame.id == str(number)
        assert deviations == [(FrameDeviation.ID_NOT_TEXT, "[1]", str(number))]

    @every_version
    @pytest.mark.parametrize(
        ("data", "frame", "position"),
        [
            ('[2,"7","Reset",{"a": [1]},"more"]', Call("7", "Reset", PAYLOAD), 4),
            ('[3,"7",{"a": [1]},"more",2]', CallResult("7", PAYLOAD), 3),
            ('[4,"7","GenericError","",{},"more"]', CallError("7", "GenericError", "", {}), 5),
        ],
    )
    def test_elements_too_many(self, data: str, frame: Frame, position: int, version: Version) -> None:
        assert self.tolerated(data, version) == (
            frame,
            [(FrameDeviation.EXTRA_ELEMENT, f"[{position}]", '"more"')],
        )

    @every_version
    @pytest.mark.parametrize(
        ("data", "description", "details", "kinds"),
        [
            ('[4,"7","X"]', "", {}, [FrameDeviation.ERROR_DESCRIPTION, FrameDeviation.ERROR_DETAILS]),
            ('[4,"7","X","why"]', "why", {}, [FrameDeviation.ERROR_DETAILS]),
            ('[4,"7","X",null,{"a":1}]', "", {"a": 1}, [FrameDeviation.ERROR_DESCRIPTION]),
            ('[4,"7","X","why",null]', "why", {}, [FrameDeviation.ERROR_DETAILS]),
            ('[4,"7","X","why",""]', "why", {}, [FrameDeviation.ERROR_DETAILS]),
            ('[4,"7","X","why",{"a":1e999}]', "why", {}, [FrameDeviation.ERROR_DETAILS]),
            (f'[4,"7","X","{"y" * 256}",{{}}]', "y" * 255, {}, [FrameDeviation.ERROR_DESCRIPTION]),
        ],
    )
    def test_an_error_that_lacks_what_nobody_needs(
        self, data: str, description: str, details: dict[str, object], kinds: list[FrameDeviation], version: Version
    ) -> None:
        frame, deviations = self.tolerated(data, version)
        assert frame == CallError("7", "X", description, details)
        assert [kind for kind, _, _ in deviations] == kinds

    def test_the_same_of_a_refused_answer(self) -> None:
        frame, deviations = self.tolerated('[5,"7","X"]')
        assert frame == CallResultError("7", "X", "", {})
        assert len(deviations) == 2

    def test_elements_too_many_in_a_send(self) -> None:
        frame, deviations = self.tolerated('[6,"7","A",{"a": [1]},0]')
        assert frame == Send("7", "A", PAYLOAD)
        assert deviations == [(FrameDeviation.EXTRA_ELEMENT, "[4]", "0")]

    def test_several_at_once(self) -> None:
        _, deviations = self.tolerated('[4,7,"X"]')
        assert [kind for kind, _, _ in deviations] == [
            FrameDeviation.ID_NOT_TEXT,
            FrameDeviation.ERROR_DESCRIPTION,
            FrameDeviation.ERROR_DETAILS,
        ]


@pytest.mark.parametrize("data", ['[2,"7","Reset",null]', '[3,"7", null ]'])
def test_null_is_an_empty_payload_in_1_6_and_forgiven_in_2_x(data: str) -> None:
    frame, deviations = parse(data, V16)
    assert isinstance(frame, Call | CallResult)
    assert (bytes(frame.payload), deviations) == (b"{}", ())
    for version in (V201, V21):
        frame, deviations = parse(data, version, Reading.TOLERANT)
        assert isinstance(frame, Call | CallResult)
        assert bytes(frame.payload) == b"{}"
        assert [deviation.kind for deviation in deviations] == [DeviationKind.NULL]
        frame, deviations = parse(data, version, Reading.STRICT)
        assert isinstance(frame, Call | CallResult)
        # Reading the payload will refuse it.
        assert (bytes(frame.payload), deviations) == (b"null", ())


@every_version
@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize(
    "element",
    ['""', "null", "true", "1.5", "1e2", "[]", "{}", '"a\\u0000b"', '"a\\nb"', '"\\ud800"', "9" * 30, "9" * 5000],
)
def test_an_id_that_is_no_text_is_unreadable(element: str, reading: Reading, version: Version) -> None:
    with pytest.raises(FrameError) as caught:
        parse(f'[2,{element},"Reset",{{}}]', version, reading)
    assert caught.value.kind is BreachKind.UNREADABLE_FRAME
    assert caught.value.message_id is None


SAMPLES = [
    b'[2,"7","Reset",{"a":[1,2,{"b":"c"}]}]',
    b'[3,"7",{"status":"Accepted"}]',
    b'[4,"7","GenericError","why",{"a":1}]',
    b'[5,"7","GenericError","why",{}]',
    b'[6,"7","NotifyPeriodicEventStream",{}]',
    b'[9,"7","Reset",{}]',
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 4)))
        data[begin:end] = draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b",", b"[", b"]", b"null", b"\\"]))
        )
    return bytes(data)


@settings(max_examples=500)
@given(st.one_of(mutated(), st.binary(max_size=40)), st.sampled_from([V16, V201, V21]), st.sampled_from(Reading))
def test_whatever_comes_is_a_frame_or_a_frame_error_with_a_sayable_answer_that_nobody_answers(
    data: bytes, version: Version, reading: Reading
) -> None:
    answer: Frame | None = None
    try:
        frame, _ = parse(data, version, reading)
        encode(frame)
    except FrameError as error:
        answer = error.answer
    if answer is not None:
        heard, _ = parse(encode(answer), version, Reading.TOLERANT)
        assert isinstance(heard, CallError | CallResultError)
        assert len(heard.description) <= 255
