"""What the versions have in common when something is asked from afar."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from forecourt.csms.blocks.remote_control.model import ACTIONS, StartCharging, StopCharging, UnlockOutcome, Wish
from forecourt.csms.blocks.transactions.actions import Promise, promise, withdraw
from forecourt.csms.blocks.transactions.model import LimitsData, Reference
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration, Station
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.sending import Sending, allot_request_id
from forecourt.csms.store.work import Store
from forecourt.errors import AnsweredError
from forecourt.ocpp.errors import LocalProtocolError

STOP_WITHIN = timedelta(minutes=5)
"""For how long it makes sense to stop a transaction because of a limit, if the station is away just then."""


async def remote_start_id(store: Store, station: Station, command: StartCharging) -> int:
    """The number by which the transaction will name its remote start (F01.FR.25, F02.FR.01). Unique per station."""
    if command.remote_start_id is not None:
        return command.remote_start_id
    async with store.work(station.key) as work:
        return await allot_request_id(work, station)


@asynccontextmanager
async def with_limits(
    store: Store, currency: str, station: Station, command: StartCharging, number: int | None = None
) -> AsyncIterator[Callable[[bool], None]]:
    """Keep the limits of a remote start for the transaction, from before the station can begin it.

    What is yielded is to be called with whether the station will; if not, or if it answers with an error, they are forgotten.
    `number` is that of the remote start where there is one, `currency` the one of the money in them.
    """
    if command.limits is None:
        yield lambda begins: None
        return
    made = Promise(LimitsData.of(command.limits.limits(currency)), number, command.token, command.evse_id)
    async with store.work(station.key) as work:
        kept = await promise(work, station, made)
    refused = False

    def tell(begins: bool) -> None:
        nonlocal refused
        refused = not begins

    try:
        yield tell
    except (AnsweredError, LocalProtocolError):
        refused = True
        raise
    finally:
        if refused:
            async with store.work(station.key) as work:
                await withdraw(work, kept)


@contextmanager
def asking_for(link: Link, wish: Wish) -> Iterator[Callable[[], None]]:
    """Let a station that is not accepted yet send what it is being asked for (B02.FR.02).

    It may come before we have seen the answer, so it is allowed before the question. What is yielded is to be called when
    the station agrees; otherwise it is not allowed any more.
    """
    if link.station.registration is Registration.ACCEPTED:
        yield lambda: None
        return
    before = link.asked_for
    agreed = False

    def agree() -> None:
        nonlocal agreed
        agreed = True

    link.asked_for = before | ACTIONS[wish]
    try:
        yield agree
    finally:
        if not agreed:
            link.asked_for = before


def unlocked(word: str, **details: str) -> Outcome:
    """The outcome of an attempt to unlock, whose words are those of `UnlockOutcome`."""
    return Outcome.accepted_if(word == UnlockOutcome.UNLOCKED, word, **details)


def triggered(words: list[str], **details: str) -> Outcome:
    """The outcome of asking once or several times for a message: accepted if any is coming."""
    reason = next((word for word in words if word == "Accepted"), words[0])
    refused = sum(word != "Accepted" for word in words)
    if reason == "Accepted" and refused:
        details["refused"] = f"{refused} of {len(words)}"
    return Outcome.accepted_if(reason == "Accepted", reason, **details)


def stopper(sending: Sending, asked_by: str) -> Callable[[Station, Reference], Awaitable[object]]:
    """How the block of transactions has one stopped: it may not know this block."""

    async def stop(station: Station, transaction: Reference) -> object:
        return await sending.ask(station, StopCharging(transaction), asked_by=asked_by, expires_in=STOP_WITHIN)

    return stop


def asker(sending: Sending) -> Callable[[Station, Reference, str], Awaitable[Order]]:
    """How somebody has a transaction stopped, in whose name it is recorded."""

    async def stop(station: Station, transaction: Reference, asked_by: str) -> Order:
        return await sending.ask(station, StopCharging(transaction), asked_by=asked_by, expires_in=STOP_WITHIN)

    return stop
