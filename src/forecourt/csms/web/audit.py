"""The audit log: who changed what through the API, when, and what it was before. Written in the transaction of the change."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from forecourt.csms.redaction import redacted_value
from forecourt.csms.store.rows import Rows
from forecourt.csms.store.schema import metadata
from forecourt.csms.store.work import Work
from forecourt.csms.web.callers import Caller

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    # Null for what concerns the whole platform.
    Column("organisation_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("user_id", BigInteger),
    Column("key_id", BigInteger),
    Column("peer", Text, nullable=False),
    # `site.changed`, and what it was done to: `sites/7`.
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
    Index("audit_organisation_id_id_idx", "organisation_id", "id"),
    Index("audit_subject_id_idx", "subject", "id"),
)

AUDITED: Final = Rows(
    audit,
    "at",
    "organisation_id",
    "actor",
    "user_id",
    "key_id",
    "peer",
    "action",
    "subject",
    "before",
    "after",
)


class Change:
    """A unit of work that changes something, and that does not commit without saying what."""

    def __init__(self, work: Work, caller: Caller, peer: str) -> None:
        self.work = work
        self._caller = caller
        self._peer = peer
        self._recorded = False

    def record(
        self, action: str, subject: str, organisation: int | None, *, before: object = None, after: object = None
    ) -> None:
        """Put it on the audit log: `record("site.changed", "sites/7", 1, before=..., after=...)`. Secrets are taken out."""
        caller = self._caller
        self.work.add(
            AUDITED,
            (
                self.work.now,
                organisation,
                caller.name,
                caller.user,
                caller.key,
                self._peer,
                action,
                subject,
                _plain(before),
                _plain(after),
            ),
        )
        self._recorded = True

    async def __aenter__(self) -> Self:
        await self.work.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and not self._recorded:
            error = RuntimeError("a change has to be on the audit log: call Change.record")
            await self.work.__aexit__(type(error), error, None)
            raise error
        await self.work.__aexit__(kind, error, trace)


def _plain(value: object) -> str | None:
    if value is None:
        return None
    plain: Any = redacted_value(msgspec.to_builtins(value))
    return msgspec.json.encode(plain).decode()
