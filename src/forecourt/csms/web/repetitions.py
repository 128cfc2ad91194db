"""The keys of requests that may be sent again, and what they were answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    delete,
)

from forecourt.csms.store.schema import metadata
from forecourt.csms.store.work import Store

KEPT: Final = timedelta(hours=24)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("caller", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False, index=True),
    # Null while the request is being handled, and for ever if the process died meanwhile.
    Column("status", SmallInteger),
    Column("media_type", Text),
    Column("location", Text),
    Column("answer", LargeBinary),
    UniqueConstraint("caller", "key"),
)


async def forget(store: Store) -> None:
    """Drop keys that are too old to be sent again."""
    async with store.work() as work:
        old = idempotency_key.c.claimed_at < work.now - KEPT
        await (await work.sql()).execute(delete(idempotency_key).where(old))
