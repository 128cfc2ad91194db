"""Our own calls: one at a time, in order, each with exactly one outcome."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import DeviationKind, Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.events import (
    Answered,
    AnsweredError,
    Breach,
    BreachKind,
    Cancelled,
    Disconnected,
    Event,
    Unanswered,
    Unusable,
)
from forecourt.ocpp.message import Message
from forecourt.ocpp.parsing import FrameDeviation
from forecourt.ocpp.session import QueueFull, Role, Session, SessionClosed
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.ocpp.ends import End

CLEAR = v16.ClearCache()
TRIGGER = v16.TriggerMessage(requested_message="Heartbeat")
ACCEPTED = {"status": "Accepted"}


def breaches(events: list[Event]) -> list[tuple[BreachKind, str | None]]:
    return [(event.kind, event.id) for event in events if isinstance(event, Breach)]


def test_a_call_is_written_at_once_and_its_answer_is_typed() -> None:
    csms = End()
    assert csms.calls(TRIGGER) == "c1"
    assert csms.said() == [[2, "c1", "TriggerMessage", {"requestedMessage": "Heartbeat"}]]
    assert csms.hears([3, "c1", ACCEPTED]) == [Answered("c1", TRIGGER, v16.TriggerMessageResponse(status="Accepted"))]
    assert csms.due_in() is None


def test_the_next_call_waits_until_the_first_is_answered() -> None:
    csms = End()
    csms.calls(CLEAR)
    csms.calls(TRIGGER)
    assert [frame[1] for frame in csms.said()] == ["c1"]
    (answered,) = csms.hears([3, "c1", ACCEPTED])
    assert isinstance(answered, Answered)
    assert [frame[1] for frame in csms.said()] == ["c2"]


def test_replies_do_not_wait_behind_calls() -> None:
    csms = End()
    csms.calls(CLEAR)
    csms.hears([2, "7", "Heartbeat", {}])
    csms.replies("7", v16.HeartbeatResponse(current_time=datetime(2026, 11, 20, tzinfo=UTC)))
    assert [frame[:2] for frame in csms.said()] == [[2, "c1"], [3, "7"]]


def test_ids_of_both_sides_may_coincide() -> None:
    csms = End()
    csms.calls(CLEAR)
    csms.hears([2, "c1", "Heartbeat", {}])
    assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)
    csms.replies("c1", v16.HeartbeatResponse(current_time=datetime(2026, 11, 20, tzinfo=UTC)))
    assert [frame[:2] for frame in csms.said()] == [[2, "c1"], [3, "c1"]]


class TestWhatCanBeCalled:
    @pytest.mark.parametrize(
        ("version", "role", "message"),
        [
            (V16, Role.CSMS, v16.Heartbeat()),
            (V16, Role.STATION, CLEAR),
            (V16, Role.CSMS, v16.ClearCacheResponse(status="Accepted")),
            (V16, Role.CSMS, v2.ClearCache()),
            (V201, Role.CSMS, CLEAR),
            (V201, Role.CSMS, v2.GetTariffs(evse_id=1)),
            (V21, Role.STATION, v2.NotifyPeriodicEventStream(data=(), id=1, pending=0, basetime=datetime.now(UTC))),
            (V16, Role.CSMS, v16.DataTransfer(vendor_id="v" * 256)),
        ],
        ids=lambda value: getattr(value, "name", type(value).__name__),
    )
    def test_what_cannot_be_said_is_refused_at_once_and_nothing_is_sent(
        self, version: Version, role: Role, message: Message
    ) -> None:
        end = End(version, role)
        with pytest.raises(LocalProtocolError):
            end.calls(message)
        assert end.said() == []
        assert end.due_in() is None

    @pytest.mark.parametrize("message_id", ["", "x" * 37])
    def test_a_message_id_has_1_to_36_characters(self, message_id: str) -> None:
        csms = End()
        with pytest.raises(LocalProtocolError):
            csms.session.call(CLEAR, csms.now, message_id=message_id)

    def test_a_message_id_is_used_for_one_call_at_a_time(self) -> None:
        csms = End()
        for message_id in ("a", "b"):
            csms.session.call(CLEAR, csms.now, message_id=message_id)
            with pytest.raises(LocalProtocolError):
                csms.session.call(CLEAR, csms.now, message_id=message_id)

    def test_ids_are_unique_by_themselves(self) -> None:
        ids = {Session(V16, Role.CSMS).call(CLEAR, 0.0) for _ in range(100)}
        assert len(ids) == 100
        assert all(0 < len(message_id) <= 36 for message_id in ids)

    def test_the_queue_is_bounded(self) -> None:
        csms = End()
        for _ in range(3):
            csms.calls(CLEAR)
        with pytest.raises(QueueFull):
            csms.calls(CLEAR)
        csms.hears([3, "c1", ACCEPTED])
        csms.calls(CLEAR)

    def test_nothing_is_called_on_a_connection_that_has_ended(self) -> None:
        csms = End()
        csms.session.connection_lost()
        with pytest.raises(SessionClosed):
            csms.calls(CLEAR)


class TestAnswers:
    def test_deviations_come_with_the_answer(self) -> None:
        csms = End(reading=Reading.TOLERANT)
        csms.calls(CLEAR)
        (answered,) = csms.hears([3, "c1", {"status": "Accepted", "extra": 1}, "more"])
        assert isinstance(answered, Answered)
        assert [deviation.kind for deviation in answered.deviations] == [
            FrameDeviation.EXTRA_ELEMENT,
            DeviationKind.UNKNOWN_FIELD,
        ]

    @pytest.mark.parametrize(
        ("heard", "code"),
        [
            ("FormationViolation", ErrorCode.FORMAT_VIOLATION),
            ("OccurenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
            ("NotImplemented", ErrorCode.NOT_IMPLEMENTED),
            ("VendorError", "VendorError"),
        ],
    )
    def test_an_error_is_an_outcome_with_its_code(self, heard: str, code: str) -> None:
        csms = End()
        csms.calls(CLEAR)
        assert csms.hears([4, "c1", heard, "why", {"a": 1}]) == [AnsweredError("c1", CLEAR, code, "why", {"a": 1})]
        assert csms.due_in() is None

    def test_an_error_without_description_is_forgiven(self) -> None:
        csms = End(reading=Reading.TOLERANT)
        csms.calls(CLEAR)
        (event,) = csms.hears([4, "c1", "InternalError"])
        assert isinstance(event, AnsweredError)
        assert (event.description, event.details, len(event.deviations)) == ("", {}, 2)

    @pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
    def test_an_answer_that_does_not_fit_is_unusable_and_in_2_1_refused(self, version: Version) -> None:
        csms = End(version)
        request = CLEAR if version is V16 else v2.ClearCache()
        csms.calls(request)
        csms.calls(request)
        csms.said()
        (event,) = csms.hears([3, "c1", {"status": "Maybe"}])
        assert isinstance(event, Unusable)
        assert (event.id, event.request, event.code) == ("c1", request, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)
        assert event.path
        frames = csms.said()
        assert frames[-1][:2] == [2, "c2"]
        if version is V21:
            assert frames[0][:3] == [5, "c1", "PropertyConstraintViolation"]
        assert len(frames) == (2 if version is V21 else 1)

    @pytest.mark.parametrize("frame", ['[3,"c1"]', '[4,"c1"]', '[3,"c1",{', '[4,"c1","GenericError"]'])
    def test_a_broken_frame_under_its_id_is_all_the_answer_there_will_be(self, frame: str) -> None:
        csms = End()
        csms.calls(CLEAR)
        breach, event = csms.hears(frame)
        assert isinstance(breach, Breach)
        assert (breach.kind, breach.id) == (BreachKind.BROKEN_FRAME, "c1")
        assert isinstance(event, Unusable)
        assert csms.due_in() is None

    @pytest.mark.parametrize("frame", ['[3,"c2"]', '[2,"c1"]', "[3]"])
    def test_a_broken_frame_that_is_no_answer_to_the_call_leaves_it_alone(self, frame: str) -> None:
        csms = End()
        csms.calls(CLEAR)
        assert all(isinstance(event, Breach) for event in csms.hears(frame))
        assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)

    @pytest.mark.parametrize("frame", [[3, "c2", ACCEPTED], [4, "x", "GenericError", "", {}]])
    def test_an_answer_to_nothing_is_counted(self, frame: list[object]) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(CLEAR)
        # c2 waits in the queue: nobody can know it yet.
        assert breaches(csms.hears(frame)) == [(BreachKind.UNKNOWN_ANSWER, frame[1])]
        assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)

    def test_a_second_answer_is_an_answer_to_nothing(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.hears([3, "c1", ACCEPTED])
        assert breaches(csms.hears([3, "c1", ACCEPTED])) == [(BreachKind.UNKNOWN_ANSWER, "c1")]


class TestTime:
    def test_a_call_times_out_and_the_next_is_sent(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        assert csms.due_in() == 30.0
        assert csms.later(29.9) == []
        csms.said()
        assert csms.later(0.1) == [Unanswered("c1", CLEAR, sent=True)]
        assert [frame[1] for frame in csms.said()] == ["c2"]
        assert csms.due_in() == 30.0

    def test_each_call_has_its_own_time(self) -> None:
        csms = End()
        csms.calls(CLEAR, timeout_s=5.0)
        csms.calls(TRIGGER, timeout_s=7.0)
        assert csms.later(5.0) == [Unanswered("c1", CLEAR, sent=True)]
        assert csms.due_in() == 7.0

    def test_a_late_answer_is_counted_and_belongs_to_no_later_call(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        csms.later(30.0)
        assert breaches(csms.hears([3, "c1", ACCEPTED])) == [(BreachKind.LATE_ANSWER, "c1")]
        assert breaches(csms.hears([4, "c1", "GenericError", "", {}])) == [(BreachKind.LATE_ANSWER, "c1")]
        assert isinstance(csms.hears([3, "c2", ACCEPTED])[0], Answered)
        assert csms.session.counts == {BreachKind.LATE_ANSWER: 2}

    def test_late_answers_are_told_from_invented_ones_for_the_last_eight_calls(self) -> None:
        csms = End()
        for _ in range(9):
            csms.calls(CLEAR)
            csms.later(30.0)
        assert breaches(csms.hears([3, "c1", ACCEPTED])) == [(BreachKind.UNKNOWN_ANSWER, "c1")]
        assert breaches(csms.hears([3, "c2", ACCEPTED])) == [(BreachKind.LATE_ANSWER, "c2")]

    def test_an_answer_that_lay_in_a_buffer_is_an_answer(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.now += 300.0
        assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)

    def test_a_repeated_call_takes_the_answer_to_either_copy(self) -> None:
        csms = End()
        csms.session.call(CLEAR, csms.now, message_id="again")
        csms.later(30.0)
        csms.session.call(CLEAR, csms.now, message_id="again")
        assert [frame[1] for frame in csms.said()] == ["again", "again"]
        assert isinstance(csms.hears([3, "again", ACCEPTED])[0], Answered)
        assert breaches(csms.hears([3, "again", ACCEPTED])) == [(BreachKind.LATE_ANSWER, "again")]

    def test_a_deadline_covers_the_wait_in_the_queue(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER, within_s=10.0)
        csms.calls(CLEAR, within_s=10.0)
        assert csms.due_in() == 10.0
        assert csms.later(10.0) == [Unanswered("c2", TRIGGER, sent=False), Unanswered("c3", CLEAR, sent=False)]
        csms.hears([3, "c1", ACCEPTED])
        assert [frame[1] for frame in csms.said()] == ["c1"]

    def test_a_call_whose_deadline_has_passed_is_not_sent(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER, within_s=10.0)
        csms.calls(CLEAR, within_s=20.0)
        csms.now += 10.0
        csms.hears([3, "c1", ACCEPTED])
        assert [frame[1] for frame in csms.said()] == ["c1", "c3"]
        assert csms.due_in() == 0.0
        assert csms.later(0.0) == [Unanswered("c2", TRIGGER, sent=False)]

    def test_a_deadline_ends_the_wait_for_an_answer_and_not_the_turn_of_the_peer(self) -> None:
        csms = End()
        csms.calls(CLEAR, within_s=10.0)
        csms.calls(TRIGGER)
        assert csms.later(10.0) == [Unanswered("c1", CLEAR, sent=True)]
        assert [frame[1] for frame in csms.said()] == ["c1"]
        assert csms.due_in() == 20.0
        assert breaches(csms.hears([3, "c1", ACCEPTED])) == [(BreachKind.LATE_ANSWER, "c1")]
        assert [frame[1] for frame in csms.said()] == ["c2"]

    def test_after_a_deadline_the_turn_of_the_peer_ends_without_another_outcome(self) -> None:
        csms = End()
        csms.calls(CLEAR, within_s=10.0)
        csms.calls(TRIGGER)
        csms.later(10.0)
        assert csms.later(20.0) == []
        assert [frame[1] for frame in csms.said()] == ["c1", "c2"]


class TestCancel:
    def test_a_call_that_waits_is_never_sent(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        csms.calls(CLEAR)
        assert csms.session.cancel("c2") == [Cancelled("c2", TRIGGER, sent=False)]
        csms.hears([3, "c1", ACCEPTED])
        assert [frame[1] for frame in csms.said()] == ["c1", "c3"]

    def test_a_call_on_the_wire_keeps_its_turn_until_answered(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        assert csms.session.cancel("c1") == [Cancelled("c1", CLEAR, sent=True)]
        assert [frame[1] for frame in csms.said()] == ["c1"]
        assert csms.hears([3, "c1", ACCEPTED]) == []
        assert [frame[1] for frame in csms.said()] == ["c2"]

    @pytest.mark.parametrize("answer", ['[4,"c1","GenericError","",{}]', '[3,"c1",{"status":1}]'])
    def test_whatever_answers_a_cancelled_call_is_no_outcome(self, answer: str) -> None:
        csms = End(V21)
        csms.calls(v2.ClearCache())
        csms.session.cancel("c1")
        csms.said()
        assert csms.hears(answer) == []
        assert csms.said() == []
        assert csms.due_in() is None

    def test_a_broken_answer_to_a_cancelled_call_frees_the_turn(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        csms.session.cancel("c1")
        assert breaches(csms.hears('[3,"c1"]')) == [(BreachKind.BROKEN_FRAME, "c1")]
        assert [frame[1] for frame in csms.said()] == ["c1", "c2"]

    def test_a_cancelled_call_on_the_wire_times_out_in_silence(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        csms.session.cancel("c1")
        assert csms.due_in() == 30.0
        assert csms.later(30.0) == []
        assert [frame[1] for frame in csms.said()] == ["c1", "c2"]

    def test_what_has_ended_or_never_was_cannot_be_cancelled(self) -> None:
        csms = End()
        assert csms.session.cancel("c1") == []
        csms.calls(CLEAR)
        csms.session.cancel("c1")
        assert csms.session.cancel("c1") == []
        assert csms.session.cancel("c9") == []


class TestConnectionLost:
    def test_every_call_ends_and_tells_whether_it_was_sent(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(TRIGGER)
        assert csms.session.connection_lost() == [
            Disconnected("c1", CLEAR, sent=True),
            Disconnected("c2", TRIGGER, sent=False),
        ]
        assert csms.session.connection_lost() == []
        assert csms.said() == []
        assert csms.later(100.0) == []
        assert csms.hears([3, "c1", ACCEPTED]) == []

    def test_a_call_that_has_had_its_outcome_has_no_other(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.session.cancel("c1")
        assert csms.session.connection_lost() == []


class TestGivingWay:
    def test_a_call_that_gives_way_has_all_its_time_while_nothing_else_waits(self) -> None:
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.calls(TRIGGER, yields_after_s=3.0)
        assert csms.due_in() == 30.0
        assert csms.later(29.0) == []
        assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)
        assert [frame[1] for frame in csms.said()] == ["c1", "c2"]

    def test_another_one_waits_for_it_no_longer_than_it_was_said_to(self) -> None:
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.later(1.0)
        csms.calls(TRIGGER)
        assert csms.due_in() == 2.0
        assert csms.later(1.9) == []
        assert [frame[1] for frame in csms.said()] == ["c1"]
        assert csms.later(0.2) == [Unanswered("c1", CLEAR, sent=True)]
        assert [frame[1] for frame in csms.said()] == ["c2"]

    def test_one_that_has_had_its_time_gives_way_at_once(self) -> None:
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.later(10.0)
        csms.calls(TRIGGER)
        assert csms.due_in() == 0.0
        assert csms.later(0.0) == [Unanswered("c1", CLEAR, sent=True)]
        assert [frame[1] for frame in csms.said()] == ["c1", "c2"]

    def test_one_that_is_answered_in_that_time_has_lost_nothing(self) -> None:
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.calls(TRIGGER)
        csms.later(2.0)
        assert isinstance(csms.hears([3, "c1", ACCEPTED])[0], Answered)
        assert isinstance(csms.hears([3, "c2", ACCEPTED])[0], Answered)

    def test_others_go_before_one_that_gives_way_and_is_not_sent_yet(self) -> None:
        csms = End()
        csms.calls(CLEAR)
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.calls(TRIGGER)
        for answered in ("c1", "c3", "c2"):
            assert isinstance(csms.hears([3, answered, ACCEPTED])[0], Answered)
        assert [frame[1] for frame in csms.said()] == ["c1", "c3", "c2"]

    def test_an_answer_after_it_gave_way_is_late_only_when_it_would_have_been_anyway(self) -> None:
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.calls(TRIGGER, timeout_s=100.0)
        csms.later(3.0)
        csms.later(26.0)
        assert csms.hears([3, "c1", ACCEPTED]) == []
        assert csms.session.counts == {}
        # Once is enough.
        assert breaches(csms.hears([3, "c1", ACCEPTED])) == [(BreachKind.UNKNOWN_ANSWER, "c1")]
        csms = End()
        csms.calls(CLEAR, yields_after_s=3.0)
        csms.calls(TRIGGER, timeout_s=100.0)
        csms.later(3.0)
        csms.later(28.0)
        assert breaches(csms.hears([4, "c1", "GenericError", "", {}])) == [(BreachKind.LATE_ANSWER, "c1")]

    def test_what_was_given_up_is_forgotten_when_its_answer_would_be_late(self) -> None:
        csms = End()
        for _ in range(2):
            csms.calls(CLEAR, yields_after_s=3.0)
            csms.calls(TRIGGER, timeout_s=1.0)
            csms.later(3.0)
            csms.later(1.0)
            csms.later(60.0)
        assert len(csms.session._outgoing._gave_way) == 1
