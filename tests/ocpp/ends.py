"""One end of a connection for tests: a session whose time is told to it and whose frames are looked at as JSON."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.events import Event
from forecourt.ocpp.message import Message
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.session import ErrorReply, Limits, Role, Session
from forecourt.ocpp.versions import V16, Version

LIMITS = Limits(waiting_calls=3, queued_calls=2, call_timeout_s=30.0)


class End:
    """A session, its clock, and everything it had to say. Its message ids are c1, c2, and so on."""

    def __init__(
        self,
        version: Version = V16,
        role: Role = Role.CSMS,
        *,
        reading: Reading = Reading.STRICT,
        limits: Limits = LIMITS,
        memory: ReplayMemory | None = None,
    ) -> None:
        ids = count(1)
        self.now = 1000.0
        self.wakings = 0
        self.session = Session(
            version,
            role,
            reading=reading,
            limits=limits,
            memory=memory,
            message_ids=lambda: f"c{next(ids)}",
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.wakings += 1

    def hears(self, frame: list[Any] | str | bytes) -> list[Event]:
        """What follows from a frame, given as JSON value or as it is."""
        return self.session.receive(json.dumps(frame) if isinstance(frame, list) else frame, self.now)

    def calls(
        self,
        message: Message,
        *,
        timeout_s: float | None = None,
        within_s: float | None = None,
        yields_after_s: float | None = None,
    ) -> str:
        deadline = None if within_s is None else self.now + within_s
        return self.session.call(
            message, self.now, timeout_s=timeout_s, deadline=deadline, yields_after_s=yields_after_s
        )

    def replies(self, message_id: str, answer: Message | ErrorReply | ProtocolError) -> list[Event]:
        return self.session.reply(message_id, answer)

    def later(self, seconds: float) -> list[Event]:
        """What follows from the passing of time."""
        self.now += seconds
        return self.session.handle_deadline(self.now)

    def due_in(self) -> float | None:
        """How long until something is due."""
        due = self.session.next_deadline()
        return None if due is None else max(0.0, due - self.now)

    def said(self) -> list[list[Any]]:
        """The frames to write, as JSON values."""
        return [json.loads(data) for data in self.session.data_to_send()]
