"""Finding and erasing what is known of a customer (N09, N10).

A customer is a token, or an identifier that is the text of one. Of certificates of customers nothing is kept. What a
transaction still has to tell is no longer the station's to erase: it goes when it has been told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecourt.charging.tokens import Token
from forecourt.station.blocks.authorization import actions as authorization
from forecourt.station.core import Station

PART: Final = 512
"""How many characters go into one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """NotifyCustomerInformation: a part of what was asked for. Empty text says that nothing is known."""

    request_id: int
    at: datetime
    seq: int
    more: bool
    text: str


def answer(station: Station, request_id: int, who: Token | None, *, report: bool, clear: bool) -> None:
    """Tell what is known of `who`, None for somebody of whom nothing can be, and erase what may be. The local list stays, as it
    is the management system's (N10.FR.06)."""
    lines = [] if who is None else list(_lines(station, who))
    if who is not None and clear:
        authorization.forget(station, who)
    if report:
        text = "\n".join(lines)
    else:
        text = "Data of the customer has been cleared."
    station.later(lambda: _tell(station, request_id, text))


def _lines(station: Station, who: Token) -> Iterator[str]:
    for place, token, info in authorization.known_of(station, who):
        verdict = "no verdict" if info is None else info.verdict.value
        until = "" if info is None or info.expires_at is None else f" until {info.expires_at.isoformat()}"
        group = "" if info is None or info.group is None else f", group {info.group.value}"
        yield f"{place}: {token.value} {token.kind} {verdict}{until}{group}"
    for bay in station.bays.values():
        transaction = bay.transaction
        by = None if transaction is None else transaction.authorization
        if transaction is not None and by is not None and by.token.matches(who):
            yield f"transaction: {transaction.id} at EVSE {bay.evse_id} since {transaction.began_at.isoformat()}"


def _tell(station: Station, request_id: int, text: str) -> None:
    starts = range(0, max(len(text), 1), PART)
    for seq, start in enumerate(starts):
        part = text[start : start + PART]
        more = start + PART < len(text)
        station.say(Known(request_id=request_id, at=station.now(), seq=seq, more=more, text=part))
