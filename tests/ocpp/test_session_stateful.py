"""A station and a CSMS joined in memory, over a link that loses, delays, repeats and reorders messages and that breaks.

Each side also repeats calls that found no answer, under the same message id, on whichever connection there is then. Whatever
happens, in whatever order: one call at a time on the wire, one outcome for each call, nothing acted on twice, and when the
link has healed everything comes to its end.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.events import (
    Answered,
    AnsweredError,
    CallReceived,
    Cancelled,
    Disconnected,
    Event,
    MustClose,
    Outcome,
    SendReceived,
    Unanswered,
)
from forecourt.ocpp.message import Message
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import ErrorReply, Limits, QueueFull, Role, Session
from forecourt.ocpp.versions import V16, V21, V201, Version

LIMITS = Limits(waiting_calls=2, queued_calls=2, call_timeout_s=30.0)
SIDES = (Role.STATION, Role.CSMS)

side = st.sampled_from(SIDES)


def transfer(version: Version, text: str) -> Message:
    if version is V16:
        return v16.DataTransfer(vendor_id="v", data=text)
    return v2.DataTransfer(vendor_id="v", data=text)


def answer_to(message: Message) -> Message:
    text = text_of(message)
    if isinstance(message, v16.DataTransfer):
        return v16.DataTransferResponse(status="Accepted", data=f"re {text}")
    return v2.DataTransferResponse(status="Accepted", data=f"re {text}")


def text_of(message: Message) -> str:
    assert isinstance(message, v16.DataTransfer | v2.DataTransfer | v16.DataTransferResponse | v2.DataTransferResponse)
    assert isinstance(message.data, str)
    return message.data


class Connection:
    """One side's session, with what is checked of it."""

    def __init__(self, session: Session, role: Role) -> None:
        self.session = session
        self.role = role
        self.is_lost = False
        self.open_calls: dict[str, Message] = {}
        self.on_the_wire: tuple[str, float] | None = None
        self.arrived: list[str] = []
        self.received: list[str] = []


class Side:
    """A party: what it remembers and does across its connections."""

    def __init__(self) -> None:
        self.memory = ReplayMemory()
        self.to_answer: list[tuple[Connection, CallReceived]] = []
        self.to_repeat: list[tuple[str, Message]] = []
        self.acts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()


class TwoSessions(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ids = count(1)
        self.texts = count(1)
        self.version = V21
        self.sides = {role: Side() for role in SIDES}
        self.connections: dict[Role, Connection] = {}
        self.unnoticed: list[Connection] = []
        self.towards: dict[Role, list[bytes]] = {role: [] for role in SIDES}

    @initialize(version=st.sampled_from([V16, V201, V21]))
    def connect(self, version: Version) -> None:
        self.version = version
        self.reconnect()

    def reconnect(self) -> None:
        for role in SIDES:
            session = Session(
                self.version,
                role,
                limits=LIMITS,
                memory=self.sides[role].memory,
                message_ids=lambda: f"id {next(self.ids)}",
                wake=lambda: None,
            )
            self.connections[role] = Connection(session, role)
            self.towards[role] = []

    # What the two parties and the link may do.

    @rule(role=side, timeout_s=st.sampled_from([10.0, 30.0]), within_s=st.sampled_from([None, 5.0, 40.0]))
    def call(self, role: Role, timeout_s: float, within_s: float | None) -> None:
        self._call(role, transfer(self.version, f"{role.value} {next(self.texts)}"), None, timeout_s, within_s)

    @rule(role=side)
    def repeat_a_call_that_found_no_answer(self, role: Role) -> None:
        if self.sides[role].to_repeat:
            message_id, message = self.sides[role].to_repeat.pop(0)
            self._call(role, message, message_id, None, None)

    @rule(role=side, data=st.data())
    def cancel(self, role: Role, data: st.DataObject) -> None:
        connection = self.connections[role]
        if connection.open_calls:
            message_id = data.draw(st.sampled_from(sorted(connection.open_calls)))
            events = connection.session.cancel(message_id)
            assert [type(event) for event in events] == [Cancelled]
            self._drive(connection, events)

    @precondition(lambda self: self.version is V21)
    @rule()
    def send(self) -> None:
        number = next(self.texts)
        connection = self.connections[Role.STATION]
        connection.session.send(
            v2.NotifyPeriodicEventStream(
                data=(v2.StreamDataElement(t=Decimal(0), v="1"),),
                id=number,
                pending=0,
                basetime=datetime(2026, 11, 20, tzinfo=UTC),
            )
        )
        self._drive(connection, [])

    @rule(role=side, refuse=st.booleans(), data=st.data())
    def answer(self, role: Role, refuse: bool, data: st.DataObject) -> None:
        waiting = self.sides[role].to_answer
        if waiting:
            at = data.draw(st.integers(0, len(waiting) - 1))
            self._answer(role, at, refuse=refuse)

    @rule(role=side, how_many=st.integers(1, 3))
    def deliver(self, role: Role, how_many: int) -> None:
        for _ in range(how_many):
            if self.towards[role]:
                self._deliver(role, self.towards[role].pop(0))

    @rule(role=side, data=st.data())
    def lose(self, role: Role, data: st.DataObject) -> None:
        if self.towards[role]:
            del self.towards[role][data.draw(st.integers(0, len(self.towards[role]) - 1))]

    @rule(role=side, data=st.data())
    def duplicate(self, role: Role, data: st.DataObject) -> None:
        if self.towards[role]:
            self.towards[role].append(data.draw(st.sampled_from(self.towards[role])))

    @rule(role=side, data=st.data())
    def reorder(self, role: Role, data: st.DataObject) -> None:
        self.towards[role] = data.draw(st.permutations(self.towards[role]))

    @rule(seconds=st.sampled_from([1.0, 6.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for connection in [*self.connections.values(), *self.unnoticed]:
            self._drive(connection, connection.session.handle_deadline(self.now))

    @rule(at_once=st.booleans())
    def break_the_link(self, at_once: bool) -> None:
        """The station notices at once and comes again. The CSMS may notice much later that the old connection is dead."""
        self._lose(self.connections[Role.STATION])
        if at_once:
            self._lose(self.connections[Role.CSMS])
        else:
            self.unnoticed.append(self.connections[Role.CSMS])
        self.reconnect()

    @rule()
    def notice_a_dead_connection(self) -> None:
        if self.unnoticed:
            self._lose(self.unnoticed.pop(0))

    # What must hold.

    @invariant()
    def queues_are_bounded(self) -> None:
        for connection in [*self.connections.values(), *self.unnoticed]:
            assert len(connection.session._outgoing._queue) <= LIMITS.queued_calls
            assert len(connection.session._incoming._waiting) <= LIMITS.waiting_calls
        for party in self.sides.values():
            assert len(party.memory) <= 64

    @invariant()
    def nothing_is_acted_on_twice(self) -> None:
        for party in self.sides.values():
            for text, times in party.acts.items():
                assert times <= 1 + party.refusals[text]

    def teardown(self) -> None:
        """The link has healed: everything comes to its end."""
        if not self.connections:
            return
        while self.unnoticed:
            self.notice_a_dead_connection()
        for _ in range(20):
            for role in SIDES:
                while self.towards[role]:
                    self._deliver(role, self.towards[role].pop(0))
                while self.sides[role].to_answer:
                    self._answer(role, 0, refuse=False)
            self.time_passes(31.0)
        for role in SIDES:
            connection = self.connections[role]
            assert not connection.open_calls
            assert connection.session.next_deadline() is None
            assert not self.towards[role]
        # And the line is free: new calls are answered.
        for role in SIDES:
            self._call(role, transfer(self.version, "last"), None, None, None)
        for role in SIDES:
            self._deliver(role, self.towards[role].pop())
        for role in SIDES:
            self._answer(role, 0, refuse=False)
        for role in SIDES:
            self._deliver(role, self.towards[role].pop())
            assert not self.connections[role].open_calls

    # The two drivers.

    def _call(
        self, role: Role, message: Message, message_id: str | None, timeout_s: float | None, within_s: float | None
    ) -> None:
        connection = self.connections[role]
        deadline = None if within_s is None else self.now + within_s
        try:
            message_id = connection.session.call(
                message, self.now, timeout_s=timeout_s, deadline=deadline, message_id=message_id
            )
        except QueueFull:
            return
        except LocalProtocolError as refused:
            # The first copy is still on the wire, although nobody waits for its answer any more.
            if message_id is None or "under way" not in refused.reason:
                raise
            self.sides[role].to_repeat.append((message_id, message))
            return
        connection.open_calls[message_id] = message
        self._drive(connection, [])

    def _answer(self, role: Role, at: int, *, refuse: bool) -> None:
        party = self.sides[role]
        connection, event = party.to_answer.pop(at)
        if refuse:
            party.refusals[text_of(event.message)] += 1
            events = connection.session.reply(event.id, ErrorReply(ErrorCode.INTERNAL_ERROR))
        else:
            events = connection.session.reply(event.id, answer_to(event.message))
        self._drive(connection, events)
        for other in [*self.connections.values(), *self.unnoticed]:
            self._drive(other, [])

    def _deliver(self, role: Role, data: bytes) -> None:
        connection = self.connections[role]
        frame = json.loads(data)
        if frame[0] == 2:
            connection.arrived.append(frame[3]["data"])
        elif connection.on_the_wire is not None and connection.on_the_wire[0] == frame[1]:
            connection.on_the_wire = None
        events = connection.session.receive(data, self.now)
        if frame[0] == 6:
            assert any(isinstance(event, SendReceived) and event.id == frame[1] for event in events)
        self._drive(connection, events)

    def _lose(self, connection: Connection) -> None:
        connection.is_lost = True
        self._drive(connection, connection.session.connection_lost())
        assert not connection.open_calls

    def _drive(self, connection: Connection, events: list[Event]) -> None:
        while True:
            closing = False
            for event in events:
                closing |= isinstance(event, MustClose)
                self._heed(connection, event)
            for data in connection.session.data_to_send():
                self._write(connection, data)
            if closing:
                self._lose(self.connections[Role.STATION])
                self._lose(self.connections[Role.CSMS])
                self.reconnect()
                return
            if connection.session.next_deadline() != 0.0:
                return
            events = connection.session.handle_deadline(self.now)

    def _heed(self, connection: Connection, event: Event) -> None:
        party = self.sides[connection.role]
        if isinstance(event, CallReceived):
            text = text_of(event.message)
            party.acts[text] += 1
            party.to_answer.append((connection, event))
            connection.received.append(text)
            # In the order they came: what was received is a part of what arrived, in the same order.
            arrived = iter(connection.arrived)
            assert all(received in arrived for received in connection.received)
        elif isinstance(event, Outcome):
            message = connection.open_calls.pop(event.id)
            assert event.request is message
            if isinstance(event, Answered):
                assert text_of(event.message) == f"re {text_of(message)}"
            elif isinstance(event, Unanswered | Disconnected | AnsweredError):
                party.to_repeat.append((event.id, message))

    def _write(self, connection: Connection, data: bytes) -> None:
        assert not connection.is_lost
        frame = json.loads(data)
        if frame[0] == 2:
            if connection.on_the_wire is not None:
                _, until = connection.on_the_wire
                assert until <= self.now, "a second call is on the wire"
            outstanding = connection.session._outgoing._outstanding
            assert outstanding is not None
            connection.on_the_wire = (frame[1], self.now + outstanding.timeout_s)
        if connection is self.connections[connection.role]:
            peer = SIDES[1 - SIDES.index(connection.role)]
            self.towards[peer].append(data)


TwoSessions.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
test_two_sessions_over_a_bad_link_keep_the_rules_and_come_to_an_end = TwoSessions.TestCase
