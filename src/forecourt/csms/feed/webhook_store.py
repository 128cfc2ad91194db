"""The tables of webhooks and the only SQL about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.events import Cursor
from forecourt.csms.store.schema import Xid8, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    # Null for every kind.
    Column("kinds", ARRAY(Text)),
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE")),
    Column("site_id", BigInteger, ForeignKey("site.id", ondelete="CASCADE")),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    # Why it was disabled, if nobody did it.
    Column("disabled_because", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # The place of the last event that was dealt with.
    Column("xid", Xid8, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    # How often the next event was tried in vain, and when it is tried again.
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("leased_by", Text),
    Column("leased_until", DateTime(timezone=True)),
    Column("delivered_at", DateTime(timezone=True)),
    Column("last_error", Text, nullable=False, server_default=""),
    # When events had been removed before it had come that far.
    Column("missed_at", DateTime(timezone=True)),
)

# What requests are signed with. Apart, because nobody reads it through the API.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column(
        "webhook_id", BigInteger, ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("secret", LargeBinary, nullable=False),
)

# Every attempt, for as long as retention says.
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("webhook_id", BigInteger, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("http_status", Integer),
    Column("error", Text, nullable=False, server_default=""),
    Column("duration_ms", Integer, nullable=False),
    CheckConstraint("outcome IN ('delivered', 'failed', 'dead')", name="outcome"),
    Index("webhook_delivery_webhook_id_id_idx", "webhook_id", "id"),
    Index("webhook_delivery_at_idx", "at", postgresql_using="brin"),
)

# What was given up, with all it takes to send it once more.
webhook_dead_letter = Table(
    "webhook_dead_letter",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("webhook_id", BigInteger, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("died_at", DateTime(timezone=True), nullable=False),
    Index("webhook_dead_letter_webhook_id_id_idx", "webhook_id", "id"),
)

LEASE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A webhook as it is delivered to."""

    id: int
    organisation: int
    url: str
    kinds: frozenset[str] | None
    station: int | None
    site: int | None
    secret: bytes
    cursor: Cursor
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one request. `permanent` says that trying again will not help."""

    at: datetime
    duration_ms: int
    http_status: int | None = None
    error: str = ""
    permanent: bool = False
    gone: bool = False

    @property
    def delivered(self) -> bool:
        return not self.error


async def enabled(connection: AsyncConnection) -> list[tuple[int, datetime | None]]:
    """All webhooks that are delivered to, each with when to try again if it waits."""
    found = await connection.execute(select(webhook.c.id, webhook.c.next_at).where(webhook.c.enabled))
    return [(row.id, row.next_at) for row in found]


async def claim(connection: AsyncConnection, key: int, node: str, now: datetime) -> Target | None:
    """A webhook for this process to deliver to, None if it is not due or another one does it."""
    columns = webhook.c
    free = or_(columns.leased_by == node, columns.leased_until.is_(None), columns.leased_until <= now)
    due = or_(columns.next_at.is_(None), columns.next_at <= now)
    claimed = await connection.execute(
        update(webhook)
        .where(columns.id == key, columns.enabled, free, due)
        .values(leased_by=node, leased_until=now + LEASE)
        .returning(*webhook.columns)
    )
    row = claimed.one_or_none()
    return None if row is None else await _target(connection, row)


async def target(connection: AsyncConnection, key: int) -> Target | None:
    """A webhook, whether or not it is enabled."""
    row = (await connection.execute(select(webhook).where(webhook.c.id == key))).one_or_none()
    return None if row is None else await _target(connection, row)


async def _target(connection: AsyncConnection, row: Row[Any]) -> Target | None:
    found = await connection.execute(select(webhook_secret.c.secret).where(webhook_secret.c.webhook_id == row.id))
    secret = found.scalar_one_or_none()
    if secret is None:
        return None
    return Target(
        id=row.id,
        organisation=row.organisation_id,
        url=row.url,
        kinds=None if row.kinds is None else frozenset(row.kinds),
        station=row.station_id,
        site=row.site_id,
        secret=secret,
        cursor=Cursor(row.xid, row.event_id),
        attempt=row.attempt,
    )


async def advance(connection: AsyncConnection, key: int, cursor: Cursor, **more: Any) -> None:
    """Put events behind a webhook."""
    await connection.execute(
        update(webhook)
        .where(webhook.c.id == key)
        .values(xid=cursor.xid, event_id=cursor.id, attempt=0, next_at=None, **more)
    )


async def wait(connection: AsyncConnection, key: int, attempt: int, next_at: datetime, error: str) -> None:
    """Have the next event tried again later."""
    values = {"attempt": attempt, "next_at": next_at, "last_error": error}
    await connection.execute(update(webhook).where(webhook.c.id == key).values(**values))


async def let_go(connection: AsyncConnection, key: int, node: str) -> None:
    """Let any process deliver to it."""
    mine = (webhook.c.id == key, webhook.c.leased_by == node)
    await connection.execute(update(webhook).where(*mine).values(leased_by=None, leased_until=None))


async def disable(connection: AsyncConnection, key: int, because: str) -> None:
    """Deliver no more to it."""
    await connection.execute(update(webhook).where(webhook.c.id == key).values(enabled=False, disabled_because=because))


async def log(
    connection: AsyncConnection, to: Target, event_id: int, kind: str, number: int, attempt: Attempt, outcome: str
) -> None:
    """Record an attempt."""
    await connection.execute(
        insert(webhook_delivery).values(
            webhook_id=to.id,
            organisation_id=to.organisation,
            event_id=event_id,
            kind=kind,
            at=attempt.at,
            attempt=number,
            outcome=outcome,
            http_status=attempt.http_status,
            error=attempt.error,
            duration_ms=attempt.duration_ms,
        )
    )


async def bury(
    connection: AsyncConnection, to: Target, event_id: int, kind: str, body: bytes, number: int, attempt: Attempt
) -> None:
    """Keep what is given up."""
    await connection.execute(
        insert(webhook_dead_letter).values(
            webhook_id=to.id,
            organisation_id=to.organisation,
            event_id=event_id,
            kind=kind,
            body=body,
            attempts=number,
            error=attempt.error,
            died_at=attempt.at,
        )
    )


async def add(
    connection: AsyncConnection, values: Mapping[str, Any], secret: bytes, begin: Cursor, now: datetime
) -> int:
    """A new webhook, to which everything after `begin` is delivered."""
    adding = insert(webhook).values(**values, created_at=now, xid=begin.xid, event_id=begin.id).returning(webhook.c.id)
    key = int((await connection.execute(adding)).scalar_one())
    await connection.execute(insert(webhook_secret).values(webhook_id=key, secret=secret))
    return key


async def set_secret(connection: AsyncConnection, key: int, secret: bytes) -> None:
    """Sign with this from now on."""
    await connection.execute(update(webhook_secret).where(webhook_secret.c.webhook_id == key).values(secret=secret))


async def forget(connection: AsyncConnection, before: datetime) -> None:
    """Drop attempts that are older than retention."""
    await connection.execute(delete(webhook_delivery).where(webhook_delivery.c.at < before))
