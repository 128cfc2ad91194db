"""What belongs to neither direction alone: SEND, limits, counts, frames that are no frames, and the cost of it all."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import DeviationKind, Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.events import (
    Answered,
    AnswerRefused,
    Breach,
    BreachKind,
    CallReceived,
    Event,
    MustClose,
    SendReceived,
)
from forecourt.ocpp.message import Message
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import CLOSE_TOO_BIG, Limits, Role, Session, SessionClosed
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.ocpp.ends import End

STREAM = v2.NotifyPeriodicEventStream(
    data=(v2.StreamDataElement(t=Decimal("1.5"), v="230.4"),),
    id=1,
    pending=0,
    basetime=datetime(2026, 11, 20, tzinfo=UTC),
)
STREAM_PAYLOAD = {
    "data": [{"t": 1.5, "v": "230.4"}],
    "id": 1,
    "pending": 0,
    "basetime": "2026-11-20T00:00:00Z",
}


def breaches(events: list[Event]) -> list[tuple[BreachKind, str | None]]:
    return [(event.kind, event.id) for event in events if isinstance(event, Breach)]


class TestSend:
    def test_it_is_written_at_once_even_while_a_call_is_under_way(self) -> None:
        station = End(V21, Role.STATION)
        station.calls(v2.Heartbeat())
        assert station.session.send(STREAM) == "c2"
        (_, sent) = station.said()
        assert sent == [6, "c2", "NotifyPeriodicEventStream", STREAM_PAYLOAD]

    def test_it_is_received_at_once_even_while_a_call_is_being_handled_and_never_answered(self) -> None:
        csms = End(V21)
        csms.hears([2, "1", "Heartbeat", {}])
        for message_id in ("2", "3"):
            assert csms.hears([6, message_id, "NotifyPeriodicEventStream", STREAM_PAYLOAD]) == [
                SendReceived(message_id, "NotifyPeriodicEventStream", STREAM)
            ]
        assert csms.said() == []

    @pytest.mark.parametrize(
        ("action", "payload"),
        [
            ("Nonsense", {}),
            ("Heartbeat", {}),
            ("ClearCache", {}),
            ("NotifyPeriodicEventStream", {}),
            ("NotifyPeriodicEventStream", None),
        ],
    )
    def test_a_faulty_one_is_counted_and_never_answered(self, action: str, payload: object) -> None:
        csms = End(V21)
        assert breaches(csms.hears([6, "1", action, payload])) == [(BreachKind.UNUSABLE_SEND, "1")]
        assert csms.said() == []

    def test_a_station_does_not_receive_what_only_stations_send(self) -> None:
        station = End(V21, Role.STATION)
        assert breaches(station.hears([6, "1", "NotifyPeriodicEventStream", STREAM_PAYLOAD])) == [
            (BreachKind.UNUSABLE_SEND, "1")
        ]

    def test_its_deviations_come_with_it(self) -> None:
        csms = End(V21, reading=Reading.TOLERANT)
        (event,) = csms.hears([6, "1", "NotifyPeriodicEventStream", STREAM_PAYLOAD | {"extra": 1}, "more"])
        assert isinstance(event, SendReceived)
        assert len(event.deviations) == 2

    @pytest.mark.parametrize(
        ("version", "role", "message"),
        [
            (V21, Role.CSMS, STREAM),
            (V201, Role.STATION, STREAM),
            (V16, Role.STATION, STREAM),
            (V21, Role.STATION, v2.Heartbeat()),
            (V21, Role.STATION, v2.HeartbeatResponse(current_time=datetime(2026, 11, 20, tzinfo=UTC))),
            (V21, Role.STATION, v2.NotifyPeriodicEventStream(data=(), id=1, pending=0, basetime=STREAM.basetime)),
        ],
        ids=lambda value: getattr(value, "name", type(value).__name__),
    )
    def test_what_cannot_be_sent_is_refused_to_the_caller(self, version: Version, role: Role, message: Message) -> None:
        end = End(version, role)
        with pytest.raises(LocalProtocolError):
            end.session.send(message)
        assert end.said() == []

    def test_nothing_is_sent_on_a_connection_that_has_ended(self) -> None:
        station = End(V21, Role.STATION)
        station.session.connection_lost()
        with pytest.raises(SessionClosed):
            station.session.send(STREAM)


class TestFaultyFrames:
    """The answers themselves are proved in test_faults; here, that they are given, counted and survived."""

    def test_a_frame_that_is_none_is_answered_counted_and_survived(self) -> None:
        csms = End(V201)
        assert breaches(csms.hears("hello")) == [(BreachKind.UNREADABLE_FRAME, None)]
        assert breaches(csms.hears('[2,"7"]')) == [(BreachKind.BROKEN_FRAME, "7")]
        assert breaches(csms.hears('[9,"8"]')) == [(BreachKind.UNKNOWN_TYPE, "8")]
        assert [frame[:3] for frame in csms.said()] == [
            [4, "-1", "RpcFrameworkError"],
            [4, "7", "RpcFrameworkError"],
            [4, "8", "MessageTypeNotSupported"],
        ]
        assert isinstance(csms.hears([2, "9", "Heartbeat", {}])[0], CallReceived)

    def test_1_6_has_no_answer_to_what_it_cannot_read(self) -> None:
        csms = End(V16)
        csms.hears("hello")
        csms.hears('[9,"8"]')
        assert csms.said() == []
        assert csms.session.counts == {BreachKind.UNREADABLE_FRAME: 1, BreachKind.UNKNOWN_TYPE: 1}

    def test_a_faulty_frame_says_nothing_about_the_calls_under_way(self) -> None:
        csms = End(V201)
        csms.calls(v2.ClearCache())
        csms.hears("hello")
        assert isinstance(csms.hears([3, "c1", {"status": "Accepted"}])[0], Answered)

    @pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
    def test_that_the_peer_could_not_read_us_is_counted_and_not_answered(self, version: Version) -> None:
        csms = End(version)
        (breach,) = csms.hears([4, "-1", "RpcFrameworkError", "what?", {}])
        assert breach == Breach(BreachKind.UNREADABLE_TO_PEER, "RpcFrameworkError: what?")
        assert csms.said() == []

    def test_null_is_an_empty_payload_where_the_version_or_the_reading_allows_it(self) -> None:
        frame = '[2,"7","Heartbeat",null]'
        (plain,) = End(V16).hears(frame)
        assert isinstance(plain, CallReceived)
        assert (plain.message, plain.deviations) == (v16.Heartbeat(), ())
        (forgiven,) = End(V21, reading=Reading.TOLERANT).hears(frame)
        assert isinstance(forgiven, CallReceived)
        assert [deviation.kind for deviation in forgiven.deviations] == [DeviationKind.NULL]
        strict = End(V21)
        strict.hears(frame)
        assert strict.said()[0][:3] == [4, "7", "ProtocolError"]


class TestRefusedAnswers:
    def test_the_peer_may_refuse_an_answer_it_was_given(self) -> None:
        csms = End(V21)
        csms.hears([2, "7", "Heartbeat", {}])
        csms.replies("7", v2.HeartbeatResponse(current_time=datetime(2026, 11, 20, tzinfo=UTC)))
        csms.said()
        assert csms.hears([5, "7", "FormationViolation", "why", {"a": 1}]) == [
            AnswerRefused("7", ErrorCode.FORMAT_VIOLATION, "why", {"a": 1})
        ]
        assert csms.said() == []

    def test_it_cannot_refuse_an_answer_it_was_not_given(self) -> None:
        csms = End(V21)
        assert breaches(csms.hears([5, "7", "GenericError", "", {}])) == [(BreachKind.UNKNOWN_ANSWER, "7")]
        assert breaches(csms.hears([5, "-1", "GenericError", "", {}])) == [(BreachKind.UNREADABLE_TO_PEER, None)]
        assert csms.said() == []


class TestTooBig:
    def test_a_message_over_the_limit_ends_the_connection(self) -> None:
        csms = End(limits=Limits(message_size_bytes=100))
        csms.hears([2, "1", "Heartbeat", {}])
        csms.hears([2, "2", "Heartbeat", {}])
        csms.calls(v16.ClearCache())
        breach, closing = csms.hears([2, "3", "DataTransfer", {"vendorId": "v" * 100}])
        assert isinstance(breach, Breach)
        assert breach.kind is BreachKind.TOO_BIG
        assert closing == MustClose(CLOSE_TOO_BIG, breach.detail)
        with pytest.raises(SessionClosed):
            csms.calls(v16.ClearCache())
        assert csms.hears([3, "c1", {"status": "Accepted"}]) == []
        # The call under way ends when the connection has.
        assert csms.due_in() == 30.0
        assert len(csms.session.connection_lost()) == 1

    def test_the_limits_are_the_sessions_own(self) -> None:
        data = "x" * 2_000_000
        csms = End(limits=Limits(message_size_bytes=3_000_000, depth=3))
        assert isinstance(csms.hears([2, "1", "DataTransfer", {"vendorId": "v", "data": data}])[0], CallReceived)
        assert breaches(csms.hears([4, "2", "GenericError", "", {"a": [[1]]}])) == [(BreachKind.TOO_DEEP, "2")]


def test_after_a_message_that_ends_the_connection_nothing_new_is_sent() -> None:
    csms = End(limits=Limits(message_size_bytes=100, call_timeout_s=5.0))
    csms.calls(v16.ClearCache())
    csms.calls(v16.ClearCache())
    csms.said()
    csms.hears("x" * 101)
    assert len(csms.later(5.0)) == 1
    assert csms.said() == []


def test_breaches_are_counted_by_kind() -> None:
    csms = End()
    assert csms.session.counts == {}
    for _ in range(3):
        csms.hears("hello")
    csms.hears([3, "x", {}])
    assert csms.session.counts == {BreachKind.UNREADABLE_FRAME: 3, BreachKind.UNKNOWN_ANSWER: 1}


def test_a_session_knows_its_version() -> None:
    assert Session(V201, Role.CSMS).version is V201


def test_an_idle_session_is_small() -> None:
    def idle(message_id: str) -> Session:
        session = Session(V16, Role.CSMS, memory=memory)
        session.receive(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
        session.reply(message_id, answer)
        session.call(v16.ClearCache(), 0.0, message_id="a")
        session.receive('[3,"a",{"status":"Accepted"}]', 0.0)
        session.data_to_send()
        return session

    memory = ReplayMemory()
    answer = v16.HeartbeatResponse(current_time=datetime(2026, 11, 20, tzinfo=UTC))
    for number in range(100):
        idle(f"before {number}")
    tracemalloc.start()
    try:
        before_bytes, _ = tracemalloc.get_traced_memory()
        sessions = [idle(str(number)) for number in range(200)]
        after_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after_bytes - before_bytes) / len(sessions) < 1024
