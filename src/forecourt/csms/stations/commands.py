"""What the management system can ask of a station, in domain words, and what became of it.

A command is a frozen dataclass of its block (`Reset`, `StartCharging`); this module knows only what all have in common.
Which wire message says it is the business of the block's dialect files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from msgspec import Meta

EvseNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="the number of an EVSE of the station")]
ConnectorNumber = Annotated[int, Meta(ge=1, le=2**31 - 1, description="the number of a connector of the EVSE")]

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Command:
    """Base of every command. `kind` is its stable name in the API and the database."""

    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = cls.__name__


class CommandStatus(StrEnum):
    """The life of a command (DESIGN section 3). `REFUSED` and after are its end."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    RUNNING = "running"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    EXPIRED = "expired"
    FINISHED = "finished"
    FAILED = "failed"


NEXT: Mapping[CommandStatus, frozenset[CommandStatus]] = MappingProxyType(
    {
        CommandStatus.QUEUED: frozenset({CommandStatus.SENT, CommandStatus.EXPIRED, CommandStatus.FAILED}),
        CommandStatus.SENT: frozenset(
            {
                CommandStatus.ACCEPTED,
                CommandStatus.RUNNING,
                CommandStatus.REFUSED,
                CommandStatus.UNANSWERED,
                CommandStatus.FAILED,
            }
        ),
        CommandStatus.RUNNING: frozenset({CommandStatus.FINISHED, CommandStatus.FAILED, CommandStatus.EXPIRED}),
        CommandStatus.ACCEPTED: frozenset(),
        CommandStatus.REFUSED: frozenset(),
        CommandStatus.UNANSWERED: frozenset(),
        CommandStatus.EXPIRED: frozenset(),
        CommandStatus.FINISHED: frozenset(),
        CommandStatus.FAILED: frozenset(),
    }
)
"""Which status may follow which. One without a successor is the end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a station took a command. `reason` is its own word for it, `result` what it answered, for people and programs."""

    status: CommandStatus
    reason: str = ""
    result: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    request_id: int | None = None
    """What later messages of the station name when they belong to this command."""

    @staticmethod
    def accepted(reason: str = "Accepted", **result: Any) -> Outcome:
        """It did, or will do, what it was asked, and nothing more is to be heard of it."""
        return Outcome(CommandStatus.ACCEPTED, reason, result)

    @staticmethod
    def refused(reason: str, **result: Any) -> Outcome:
        """It will not."""
        return Outcome(CommandStatus.REFUSED, reason, result)

    @staticmethod
    def running(request_id: int | None, reason: str = "Accepted", **result: Any) -> Outcome:
        """It has begun; later messages, which name `request_id`, tell the end."""
        return Outcome(CommandStatus.RUNNING, reason, result, request_id)

    @staticmethod
    def accepted_if(condition: bool, reason: str, **result: Any) -> Outcome:
        """Accepted or refused, whichever, with the station's word."""
        return Outcome(CommandStatus.ACCEPTED if condition else CommandStatus.REFUSED, reason, result)
