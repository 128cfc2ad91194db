"""What the failures of a call mean to the domain: one translation for every door."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from forecourt.errors import AnsweredError, NoAnswer, Offline
from forecourt.ocpp.message import Message
from forecourt.transport import failures

AnswerT = TypeVar("AnswerT", bound=Message)


async def asked(answer: Awaitable[AnswerT], wire_id: str, waits_s: float) -> AnswerT:
    """The answer, or the StationError that its failure is."""
    try:
        return await answer
    except failures.NoAnswer:
        raise NoAnswer(wire_id, waits_s) from None
    except failures.Disconnected as error:
        if error.sent:
            # Whether it acted is unknown, which is what NoAnswer says.
            raise NoAnswer(wire_id, waits_s) from None
        raise Offline(wire_id) from None
    except failures.AnsweredError as error:
        raise AnsweredError(wire_id, error.code, error.description) from None
    except failures.UnusableAnswer as error:
        raise AnsweredError(wire_id, error.code, f"its answer cannot be used: {error}") from None
