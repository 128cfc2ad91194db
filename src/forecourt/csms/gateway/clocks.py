"""Clocks of stations that talk nonsense: what was said is kept as it was said, beside when it was heard, and noted as a deviation.

Nothing is refused for it: a station whose clock begins in 1970 after a power cut still meters rightly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from msgspec import UNSET

from forecourt.csms.blocks.transactions.model import plausible
from forecourt.ocpp import v2, v16
from forecourt.ocpp.deviations import Deviation
from forecourt.ocpp.message import Message

Times = Iterable[tuple[str, datetime]]


class Clock(StrEnum):
    """What is wrong with a station's clock, as deviations are recorded."""

    ASTRAY = "clock astray"


def _own(message: Any) -> Times:
    return () if message.timestamp is UNSET else (("$.timestamp", message.timestamp),)


def _values(name: str, field: str) -> Callable[[Any], Times]:
    def times(message: Any) -> Times:
        values = getattr(message, field)
        if values is UNSET:
            return ()
        return [(f"$.{name}[{number}].timestamp", value.timestamp) for number, value in enumerate(values)]

    return times


def _both(name: str, field: str) -> Callable[[Any], Times]:
    values = _values(name, field)
    return lambda message: [*_own(message), *values(message)]


_TIMES: Final[Mapping[type[Message], Callable[[Any], Times]]] = {
    v16.StartTransaction: _own,
    v16.StopTransaction: _both("transactionData", "transaction_data"),
    v16.MeterValues: _values("meterValue", "meter_value"),
    v16.StatusNotification: _own,
    v2.TransactionEvent: _both("meterValue", "meter_value"),
    v2.MeterValues: _values("meterValue", "meter_value"),
    v2.StatusNotification: _own,
}


def astray(message: Message, received_at: datetime) -> Deviation | None:
    """The first time in a message that a clock which is right cannot have said."""
    times = _TIMES.get(type(message))
    if times is None:
        return None
    for path, at in times(message):
        if not plausible(at, received_at):
            detail = "kept as it was told; what needs a time goes by when it was received"
            return Deviation(Clock.ASTRAY, path, at.isoformat(), detail)
    return None
