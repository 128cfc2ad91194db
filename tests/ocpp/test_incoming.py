"""Calls of the peer: their order, their repetition, their refusal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import DeviationKind, Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.events import Breach, BreachKind, CallReceived, CallRefused, Event, MustClose
from forecourt.ocpp.parsing import FrameDeviation
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import ErrorReply, Limits, Role, Session
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.ocpp.ends import End

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = v16.HeartbeatResponse(current_time=WHEN)
CLEARED = v16.ClearCacheResponse(status="Accepted")


def heartbeat(message_id: str) -> list[object]:
    return [2, message_id, "Heartbeat", {}]


def transfer(message_id: str, data: str) -> list[object]:
    return [2, message_id, "DataTransfer", {"vendorId": "v", "data": data}]


def received(events: list[Event]) -> list[str]:
    return [event.id for event in events if isinstance(event, CallReceived)]


def breaches(events: list[Event]) -> list[tuple[BreachKind, str | None]]:
    return [(event.kind, event.id) for event in events if isinstance(event, Breach)]


def test_a_call_is_received_as_a_typed_message_and_answered_under_its_id() -> None:
    csms = End()
    (call,) = csms.hears('[2,"7","DataTransfer", {"data": "hello", "vendorId":"v"}]')
    assert isinstance(call, CallReceived)
    assert call.id == "7"
    assert call.action == "DataTransfer"
    assert call.message == v16.DataTransfer(vendor_id="v", data="hello")
    assert call.deviations == ()
    assert bytes(call.payload) == b'{"data": "hello", "vendorId":"v"}'
    assert csms.said() == []
    assert csms.replies("7", v16.DataTransferResponse(status="Accepted", data="there")) == []
    assert csms.said() == [[3, "7", {"status": "Accepted", "data": "there"}]]
    assert csms.said() == []


@pytest.mark.parametrize(
    ("version", "role", "action", "payload"),
    [
        (V16, Role.CSMS, "Heartbeat", {}),
        (V16, Role.STATION, "ClearCache", {}),
        (V201, Role.CSMS, "Heartbeat", {}),
        (V201, Role.STATION, "ClearCache", {}),
        (V21, Role.CSMS, "Heartbeat", {}),
        (V21, Role.STATION, "ClearCache", {}),
    ],
)
def test_each_side_receives_the_calls_that_are_for_it_and_says_of_the_others_that_they_are_not(
    version: Version, role: Role, action: str, payload: dict[str, object]
) -> None:
    right = End(version, role)
    assert received(right.hears([2, "7", action, payload])) == ["7"]
    wrong = End(version, Role.STATION if role is Role.CSMS else Role.CSMS)
    (refused,) = wrong.hears([2, "7", action, payload])
    assert isinstance(refused, CallRefused)
    assert (refused.id, refused.action, refused.code) == ("7", action, ErrorCode.NOT_SUPPORTED)
    assert wrong.said()[0][:3] == [4, "7", "NotSupported"]


@pytest.mark.parametrize(
    ("version", "action", "code"),
    [
        (V16, "NotifyEvent", "NotImplemented"),
        (V16, "heartbeat", "NotImplemented"),
        (V201, "BatterySwap", "NotImplemented"),
        (V21, "", "NotImplemented"),
        (V21, "NotifyPeriodicEventStream", "NotSupported"),
    ],
)
def test_an_action_that_cannot_be_called_is_refused(version: Version, action: str, code: str) -> None:
    csms = End(version)
    (refused,) = csms.hears([2, "7", action, {}])
    assert isinstance(refused, CallRefused)
    assert refused.code == code
    assert csms.said()[0][:3] == [4, "7", code]


@pytest.mark.parametrize("action", ["x" * 100_000, "a\nb", "\0", "ü" * 51])
def test_an_unknown_action_is_shown_in_a_few_printable_characters(action: str) -> None:
    csms = End()
    (refused,) = csms.hears([2, "7", action, {}])
    assert isinstance(refused, CallRefused)
    assert refused.action.isprintable()
    assert len(refused.action) < 210
    (frame,) = csms.said()
    assert len(frame[3]) <= 255


@pytest.mark.parametrize(
    ("payload", "code", "path"),
    [
        ({}, "OccurrenceConstraintViolation", "vendorId"),
        ({"vendorId": 5}, "TypeConstraintViolation", "vendorId"),
        ({"vendorId": "v" * 256}, "PropertyConstraintViolation", "vendorId"),
        ([], "ProtocolError", ""),
    ],
)
def test_a_payload_fault_is_answered_with_its_code_and_told(payload: object, code: str, path: str) -> None:
    csms = End()
    (refused,) = csms.hears([2, "7", "DataTransfer", payload])
    assert isinstance(refused, CallRefused)
    assert (refused.id, refused.action, refused.code) == ("7", "DataTransfer", code)
    assert path in refused.path
    (frame,) = csms.said()
    assert frame[:3] == [4, "7", code]
    assert path in frame[3]
    assert received(csms.hears(heartbeat("8"))) == ["8"]


def test_deviations_of_the_frame_and_of_the_payload_come_with_the_call() -> None:
    csms = End(reading=Reading.TOLERANT)
    (event,) = csms.hears([2, 7, "DataTransfer", {"vendorId": "v", "extra": 1}])
    assert isinstance(event, CallReceived)
    assert event.id == "7"
    assert [deviation.kind for deviation in event.deviations] == [
        FrameDeviation.ID_NOT_TEXT,
        DeviationKind.UNKNOWN_FIELD,
    ]
    csms.replies("7", v16.DataTransferResponse(status="Accepted"))
    assert csms.said() == [[3, "7", {"status": "Accepted"}]]


class TestOrder:
    def test_a_second_call_waits_until_the_first_is_answered(self) -> None:
        csms = End()
        assert received(csms.hears(heartbeat("1"))) == ["1"]
        assert csms.hears(heartbeat("2")) == [
            Breach(BreachKind.SECOND_CALL, "Heartbeat before an earlier call was answered", "2")
        ]
        assert breaches(csms.hears(heartbeat("3"))) == [(BreachKind.SECOND_CALL, "3")]
        assert received(csms.replies("1", NOW)) == ["2"]
        assert received(csms.replies("2", NOW)) == ["3"]
        assert csms.replies("3", NOW) == []
        assert [frame[1] for frame in csms.said()] == ["1", "2", "3"]

    def test_a_call_that_waits_is_refused_in_its_turn_and_the_next_follows(self) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        assert received(csms.hears([2, "2", "Nonsense", {}])) == []
        csms.hears(heartbeat("3"))
        refused, following = csms.replies("1", NOW)
        assert isinstance(refused, CallRefused)
        assert refused.id == "2"
        assert isinstance(following, CallReceived)
        assert following.id == "3"
        assert [frame[:2] for frame in csms.said()] == [[3, "1"], [4, "2"]]

    def test_more_calls_than_may_wait_end_the_connection(self) -> None:
        csms = End()
        for number in range(4):
            assert not any(isinstance(event, MustClose) for event in csms.hears(heartbeat(str(number))))
        breach, closing = csms.hears(heartbeat("4"))
        assert isinstance(breach, Breach)
        assert breach.kind is BreachKind.TOO_MANY_CALLS
        assert isinstance(closing, MustClose)
        assert closing.code == 1008
        assert csms.hears(heartbeat("5")) == []
        # What is being handled is answered, what waited is gone.
        assert csms.replies("0", NOW) == []
        assert [frame[1] for frame in csms.said()] == ["0"]
        assert csms.session.next_deadline() is None

    def test_no_call_need_be_allowed_to_wait(self) -> None:
        csms = End(limits=Limits(waiting_calls=0))
        assert received(csms.hears(heartbeat("1"))) == ["1"]
        assert isinstance(csms.hears(heartbeat("2"))[-1], MustClose)


class TestReply:
    def test_only_the_call_that_is_being_handled_can_be_answered(self) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        csms.hears(heartbeat("2"))
        for message_id in ("0", "2"):
            with pytest.raises(LocalProtocolError):
                csms.replies(message_id, NOW)
        csms.replies("1", NOW)
        with pytest.raises(LocalProtocolError):
            csms.replies("1", NOW)
        assert [frame[:2] for frame in csms.said()] == [[3, "1"]]

    def test_a_refusal_says_what_and_where(self) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        csms.replies("1", RemoteProtocolError(ErrorCode.SECURITY_ERROR, "not yet accepted"))
        csms.hears(heartbeat("2"))
        csms.replies("2", RemoteProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "too long", "$.a"))
        csms.hears(heartbeat("3"))
        csms.replies("3", ErrorReply(ErrorCode.GENERIC_ERROR, "y" * 300, {"a": 1}))
        csms.hears(heartbeat("4"))
        csms.replies("4", ErrorReply(ErrorCode.FORMAT_VIOLATION))
        assert csms.said() == [
            [4, "1", "SecurityError", "not yet accepted", {}],
            [4, "2", "PropertyConstraintViolation", "too long at $.a", {}],
            [4, "3", "GenericError", "y" * 255, {"a": 1}],
            [4, "4", "FormatViolation", "", {}],
        ]

    @pytest.mark.parametrize(
        "answer",
        [
            v16.ClearCacheResponse(status="Accepted"),
            v16.Heartbeat(),
            v2.HeartbeatResponse(current_time=WHEN),
            v16.HeartbeatResponse(current_time=WHEN.replace(tzinfo=None)),
            ErrorReply(ErrorCode.RPC_FRAMEWORK_ERROR),
            ErrorReply(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED),
            ErrorReply(ErrorCode.GENERIC_ERROR, "", {"a": object()}),
        ],
        ids=lambda answer: type(answer).__name__,
    )
    def test_an_answer_that_cannot_be_said_is_an_error_here_and_an_internal_error_there(
        self, answer: v16.HeartbeatResponse | ErrorReply
    ) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        csms.hears(heartbeat("2"))
        with pytest.raises(LocalProtocolError):
            csms.replies("1", answer)
        assert csms.said() == [[4, "1", "InternalError", "", {}]]
        # The exception cannot carry the next call, so it is due at once.
        assert csms.due_in() == 0.0
        assert received(csms.later(0.0)) == ["2"]

    def test_in_2_x_a_handler_may_answer_with_any_code(self) -> None:
        csms = End(V201)
        csms.hears(heartbeat("1"))
        csms.replies("1", ErrorReply(ErrorCode.RPC_FRAMEWORK_ERROR))
        assert csms.said() == [[4, "1", "RpcFrameworkError", "", {}]]


class TestRepetition:
    def test_a_call_that_was_answered_gets_the_same_answer_and_is_not_acted_on(self) -> None:
        csms = End()
        csms.hears(transfer("1", "a"))
        csms.replies("1", v16.DataTransferResponse(status="Accepted", data="first"))
        (answer,) = csms.said()
        for _ in range(2):
            assert breaches(csms.hears(transfer("1", "a"))) == [(BreachKind.REPEATED_CALL, "1")]
            assert csms.said() == [answer]

    def test_it_is_answered_at_once_even_while_another_call_is_being_handled(self) -> None:
        csms = End()
        csms.hears(transfer("1", "a"))
        csms.replies("1", v16.DataTransferResponse(status="Accepted"))
        csms.hears(heartbeat("2"))
        csms.said()
        csms.hears(transfer("1", "a"))
        assert csms.said() == [[3, "1", {"status": "Accepted"}]]

    def test_a_copy_of_a_call_that_is_being_handled_or_waits_shares_its_answer(self) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        csms.hears(heartbeat("2"))
        assert breaches(csms.hears(heartbeat("1"))) == [(BreachKind.REPEATED_CALL, "1")]
        assert breaches(csms.hears(heartbeat("2"))) == [(BreachKind.REPEATED_CALL, "2")]
        assert received(csms.replies("1", NOW)) == ["2"]
        assert csms.replies("2", NOW) == []
        assert [frame[1] for frame in csms.said()] == ["1", "2"]

    def test_the_same_id_with_other_content_is_a_new_call_and_counted(self) -> None:
        csms = End()
        csms.hears(transfer("1", "a"))
        csms.replies("1", v16.DataTransferResponse(status="Accepted"))
        events = csms.hears(transfer("1", "b"))
        assert breaches(events) == [(BreachKind.ID_REUSED, "1")]
        assert received(events) == ["1"]
        csms.replies("1", v16.DataTransferResponse(status="Rejected"))
        csms.said()
        # Both are remembered.
        csms.hears(transfer("1", "a"))
        csms.hears(transfer("1", "b"))
        assert [frame[2] for frame in csms.said()] == [{"status": "Accepted"}, {"status": "Rejected"}]

    def test_the_same_id_with_other_content_waits_like_any_other_call(self) -> None:
        csms = End()
        csms.hears(transfer("1", "a"))
        assert breaches(csms.hears(transfer("1", "b"))) == [(BreachKind.ID_REUSED, "1"), (BreachKind.SECOND_CALL, "1")]
        (event,) = csms.replies("1", v16.DataTransferResponse(status="Accepted"))
        assert isinstance(event, CallReceived)
        assert event.message == v16.DataTransfer(vendor_id="v", data="b")

    def test_a_refused_call_may_be_tried_again(self) -> None:
        csms = End()
        csms.hears(heartbeat("1"))
        csms.replies("1", ErrorReply(ErrorCode.INTERNAL_ERROR))
        assert received(csms.hears(heartbeat("1"))) == ["1"]

    def test_an_answer_is_remembered_across_connections(self) -> None:
        memory = ReplayMemory()
        first = End(memory=memory)
        first.hears(heartbeat("1"))
        first.replies("1", NOW)
        first.session.connection_lost()
        second = End(memory=memory)
        assert breaches(second.hears(heartbeat("1"))) == [(BreachKind.REPEATED_CALL, "1")]
        assert second.said()[0][:2] == [3, "1"]

    def test_an_answer_after_the_connection_was_lost_is_remembered_and_not_written(self) -> None:
        memory = ReplayMemory()
        first = End(memory=memory)
        first.hears(heartbeat("1"))
        first.hears(heartbeat("2"))
        first.session.connection_lost()
        assert first.replies("1", NOW) == []
        assert first.said() == []
        second = End(memory=memory)
        assert received(second.hears(heartbeat("1"))) == []
        assert second.said()[0][:2] == [3, "1"]
        # The one that waited was dropped and is new.
        assert received(second.hears(heartbeat("2"))) == ["2"]


class TestTakeover:
    """The first copy of a call is still being handled on an earlier connection of the same peer."""

    def setup_method(self) -> None:
        self.memory = ReplayMemory()
        self.first = End(memory=self.memory)
        self.first.hears(heartbeat("1"))
        self.first.session.connection_lost()
        self.second = End(memory=self.memory)

    def test_a_copy_waits_for_the_answer_and_gets_it(self) -> None:
        assert self.second.hears(heartbeat("1")) == []
        assert self.second.wakings == 0
        self.first.replies("1", NOW)
        assert self.second.wakings == 1
        assert self.second.due_in() == 0.0
        assert breaches(self.second.later(0.0)) == [(BreachKind.REPEATED_CALL, "1")]
        assert self.second.said()[0][:2] == [3, "1"]
        assert self.first.said() == []
        assert self.second.due_in() is None

    def test_calls_after_the_copy_keep_their_place(self) -> None:
        self.second.hears(heartbeat("1"))
        assert breaches(self.second.hears(heartbeat("2"))) == [(BreachKind.SECOND_CALL, "2")]
        assert breaches(self.second.hears(heartbeat("1"))) == [(BreachKind.REPEATED_CALL, "1")]
        self.first.replies("1", NOW)
        assert received(self.second.later(0.0)) == ["2"]
        assert [frame[1] for frame in self.second.said()] == ["1"]

    def test_a_copy_behind_another_call_finds_the_answer_that_came_meanwhile(self) -> None:
        self.second.hears(heartbeat("2"))
        self.second.hears(heartbeat("1"))
        self.first.replies("1", NOW)
        assert self.second.wakings == 0
        assert breaches(self.second.replies("2", NOW)) == [(BreachKind.REPEATED_CALL, "1")]
        assert [frame[1] for frame in self.second.said()] == ["2", "1"]

    def test_a_copy_behind_another_call_waits_when_its_turn_has_come(self) -> None:
        self.second.hears(heartbeat("2"))
        self.second.hears(heartbeat("1"))
        assert self.second.replies("2", NOW) == []
        self.first.replies("1", NOW)
        self.second.later(0.0)
        assert [frame[1] for frame in self.second.said()] == ["2", "1"]

    def test_a_copy_that_waits_in_its_turn_stays_ahead_of_those_behind_it(self) -> None:
        for message_id in ("2", "1", "3"):
            self.second.hears(heartbeat(message_id))
        assert self.second.replies("2", NOW) == []
        self.first.replies("1", NOW)
        repeated, following = self.second.later(0.0)
        assert isinstance(repeated, Breach)
        assert repeated.id == "1"
        assert isinstance(following, CallReceived)
        assert following.id == "3"

    def test_a_copy_of_a_call_that_was_refused_is_acted_on(self) -> None:
        self.second.hears(heartbeat("1"))
        self.first.replies("1", ErrorReply(ErrorCode.INTERNAL_ERROR))
        assert received(self.second.later(0.0)) == ["1"]

    def test_a_copy_is_given_up_after_a_while_and_the_next_call_follows(self) -> None:
        self.second.hears(heartbeat("1"))
        self.second.hears(heartbeat("2"))
        assert self.second.due_in() == 30.0
        assert self.second.later(29.0) == []
        events = self.second.later(1.0)
        assert breaches(events) == [(BreachKind.HELD_TOO_LONG, "1")]
        assert received(events) == ["2"]
        self.first.replies("1", NOW)
        assert self.second.wakings == 0
        assert self.second.said() == []

    def test_the_last_of_several_connections_gets_the_answer(self) -> None:
        self.second.hears(heartbeat("1"))
        self.second.session.connection_lost()
        third = End(memory=self.memory)
        third.hears(heartbeat("1"))
        self.first.replies("1", NOW)
        assert (self.second.wakings, third.wakings) == (0, 1)
        third.later(0.0)
        assert third.said()[0][:2] == [3, "1"]
        assert self.second.said() == []

    def test_without_a_wake_the_answer_goes_out_with_the_next_thing_that_happens(self) -> None:
        session = Session(V16, Role.CSMS, memory=self.memory)
        session.receive('[2, "1", "Heartbeat", {}]', 0.0)
        self.first.replies("1", NOW)
        session.handle_deadline(1.0)
        assert len(session.data_to_send()) == 1
