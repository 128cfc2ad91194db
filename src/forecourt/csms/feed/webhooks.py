"""Webhooks: every receiver has a place of its own in the order of events, and gets them one after another.

So a receiver that is slow or dead costs nobody but itself: nothing is queued for it, its place just stays where it is, and it
catches up from there. What fails is tried again with growing pauses; what cannot succeed, or has not after many attempts, is
put aside as a dead letter, and the next event has its turn. Requests are signed as Standard Webhooks has it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from forecourt.clock import Clock
from forecourt.csms.bus import Bus, Waking
from forecourt.csms.events import RecordedEvent, latest, read
from forecourt.csms.feed import webhook_store as store
from forecourt.csms.feed.engine import FeedEvent
from forecourt.csms.feed.filters import Watched
from forecourt.csms.feed.webhook_store import Attempt, Target
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.announced import EVENTS
from forecourt.csms.store.engine import Database
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Store
from forecourt.transport.outbound import NotApproved, Outbound, OutboundError, is_success

_LOG = logging.getLogger("forecourt.webhooks")

MOST_ATTEMPTS: Final = 12
FIRST_PAUSE: Final = timedelta(seconds=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_PAGE: Final = 200
WEBHOOKS: Final = "webhooks"
"""The subject that is woken when there is another receiver, or one is different."""

_KEPT: Final = timedelta(days=30)
_LOOK_S: Final = 5.0
_HELD_S: Final = 0.1
_GONE: Final = 410
_AGAIN: Final = frozenset({408, 425, 429})
"""What of the 4xx is not about the request itself."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how a secret is written, none itself
_SECRET_BYTES: Final = 32
_LONGEST_ERROR: Final = 300


def new_secret() -> bytes:
    """A secret nobody knows yet."""
    return secrets.token_bytes(_SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def secret_of(text: str) -> bytes | None:
    """The secret that was written so, None for anything else."""
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if text.startswith(SECRET_PREFIX) and 24 <= len(secret) <= 64 else None


def signed(secret: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove whose a request is, and when it was sent."""
    stamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


class Webhooks:
    """Delivers to all receivers, each on its own."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        clock: Clock,
        stations: Stations,
        outbound: Outbound,
        node: str,
        first_pause: timedelta = FIRST_PAUSE,
        most_attempts: int = MOST_ATTEMPTS,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._stations = stations
        self._outbound = outbound
        self._node = node
        self._first_pause = first_pause
        self._most_attempts = most_attempts
        self._running: dict[int, bool] = {}
        """Receivers that are being delivered to, with whether to look once more when that is over."""

    async def run(self) -> None:
        """Deliver for ever. Run it as a task of a group; cancelling it is how it ends."""
        async with (
            Waking(self._bus, EVENTS, self._clock) as happening,
            Waking(self._bus, WEBHOOKS, self._clock) as changing,
            asyncio.TaskGroup() as group,
        ):
            while True:
                happening.forget()
                changing.forget()
                wait_s: float | None = _LOOK_S
                try:
                    wait_s = await self._look(group, happening)
                except Exception:
                    _LOG.warning("webhooks could not be looked at and will be again", exc_info=True)
                if wait_s is None:
                    # Nobody is to be told, whatever happens.
                    await changing.wait(_LOOK_S)
                else:
                    await happening.wait(wait_s)

    async def send(self, to: Target, message_id: str, body: bytes) -> Attempt:
        """One request to a receiver, whatever comes of it."""
        began_s, at = self._clock.monotonic(), self._clock.now()
        status: int | None = None
        error, permanent = "", False
        try:
            reply = await self._outbound.post(
                to.url, body, "application/json", headers=signed(to.secret, message_id, at, body)
            )
            status = reply.status
            if not is_success(status):
                error = f"answered {status}"
                permanent = 300 <= status < 500 and status not in _AGAIN
        except NotApproved as refusal:
            error, permanent = str(refusal), True
        except OutboundError as failure:
            error = str(failure)
        except TimeoutError:
            error = "no answer in time"
        return Attempt(
            at=at,
            duration_ms=int((self._clock.monotonic() - began_s) * 1000),
            http_status=status,
            error=error[:_LONGEST_ERROR].replace("\0", ""),
            permanent=permanent,
            gone=status == _GONE,
        )

    async def _look(self, group: asyncio.TaskGroup, waking: Waking) -> float | None:
        """Begin to deliver to whoever is due. Returns after how many seconds to look again at the latest, None if there is nobody."""
        async with self._database.plain.connect() as connection:
            found = await store.enabled(connection)
        if not found:
            return None
        now = self._clock.now()
        wait_s = _LOOK_S
        for key, next_at in found:
            if next_at is not None and next_at > now:
                wait_s = min(wait_s, (next_at - now).total_seconds())
            elif key in self._running:
                self._running[key] = True
            else:
                self._running[key] = False
                group.create_task(self._serve(key, waking))
        return max(wait_s, _HELD_S)

    async def _serve(self, key: int, waking: Waking) -> None:
        try:
            while True:
                self._running[key] = False
                try:
                    delivered = await self._deliver(key)
                except Exception:
                    _LOG.warning("webhook %s could not be delivered to and will be again", key, exc_info=True)
                    return
                if not delivered:
                    # So that it is looked up when to try again.
                    waking.wake()
                    return
                if not self._running[key]:
                    return
        finally:
            del self._running[key]

    async def _deliver(self, key: int) -> bool:
        """Deliver what there is, until there is no more or the receiver fails: then False."""
        while True:
            async with self._database.engine.begin() as connection:
                to = await store.claim(connection, key, self._node, self._clock.now())
            if to is None:
                return True
            async with self._database.plain.connect() as connection:
                page = await read(connection, to.cursor, _PAGE)
                behind = await latest(connection)
            if page.resync:
                async with self._database.engine.begin() as connection:
                    await store.advance(connection, key, behind, missed_at=self._clock.now())
                continue
            if not page.events:
                if not page.held:
                    async with self._database.engine.begin() as connection:
                        await store.let_go(connection, key, self._node)
                    return True
                await self._clock.sleep(_HELD_S)
            elif not await self._deliver_page(to, page.events):
                return False

    async def _deliver_page(self, to: Target, events: tuple[RecordedEvent, ...]) -> bool:
        """Deliver a page in order. False if the receiver failed and has to be tried again later."""
        watched = Watched(scope=Scope(frozenset({to.organisation})), kinds=to.kinds, station=to.station, site=to.site)
        number = to.attempt
        skipped: RecordedEvent | None = None
        renew_at_s = self._clock.monotonic() + store.LEASE.total_seconds() / 2
        for event in events:
            if not watched.takes(event, self._stations):
                skipped = event
                continue
            number += 1
            body = msgspec.json.encode(FeedEvent.of(event))
            attempt = await self.send(to, f"evt_{event.id}", body)
            if not await self._record(to, event, body, number, attempt):
                return False
            number, skipped = 0, None
            if self._clock.monotonic() >= renew_at_s:
                # Claimed anew with what is set by then.
                return True
        if skipped is not None:
            async with self._database.engine.begin() as connection:
                await store.advance(connection, to.id, skipped.cursor)
        return True

    async def _record(self, to: Target, event: RecordedEvent, body: bytes, number: int, attempt: Attempt) -> bool:
        """Put on record what came of an attempt. False if the event is to be tried again, or the receiver is gone."""
        given_up = attempt.permanent or number >= self._most_attempts
        async with self._database.engine.begin() as connection:
            if attempt.delivered:
                await store.log(connection, to, event.id, event.kind, number, attempt, "delivered")
                await store.advance(connection, to.id, event.cursor, delivered_at=attempt.at, last_error="")
                return True
            outcome = "dead" if given_up else "failed"
            await store.log(connection, to, event.id, event.kind, number, attempt, outcome)
            if given_up:
                await store.bury(connection, to, event.id, event.kind, body, number, attempt)
                await store.advance(connection, to.id, event.cursor, last_error=attempt.error)
                if attempt.gone:
                    await store.disable(connection, to.id, "the receiver says that it is gone (410)")
                return not attempt.gone
            pause = min(self._first_pause * 2 ** min(number - 1, 20), _LONGEST_PAUSE)
            await store.wait(connection, to.id, number, attempt.at + pause, attempt.error)
            await store.let_go(connection, to.id, self._node)
            return False


def ping(to: Target, at: datetime) -> tuple[str, bytes]:
    """A message to try a receiver with, and its id."""
    body: Mapping[str, object] = {"kind": "Ping", "at": at, "organisationId": to.organisation, "data": {}}
    return f"ping_{secrets.token_hex(8)}", msgspec.json.encode(body)


async def forget_deliveries(store_: Store) -> None:
    """Drop attempts that are older than thirty days. Dead letters stay."""
    async with store_.work() as work:
        await store.forget(await work.sql(), work.now - _KEPT)
