"""Certificates as rows; the only SQL of this block."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Row,
    Table,
    Text,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.certificates.model import Holder, Origin
from forecourt.csms.stations.model import Station
from forecourt.csms.store.schema import metadata
from forecourt.pki.certificates import fingerprint, serial_of, write

certificate = Table(
    "certificate",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("holder", Text, nullable=False),
    # Null for what is the server's own.
    Column("organisation_id", BigInteger, index=True),
    # Null for the server's own, and when the station is gone: what was revoked stays so.
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="SET NULL")),
    Column("origin", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("not_before", DateTime(timezone=True), nullable=False),
    Column("not_after", DateTime(timezone=True), nullable=False),
    Column("pem", Text, nullable=False),
    Column("known_at", DateTime(timezone=True), nullable=False),
    # When a station first came with it.
    Column("shown_at", DateTime(timezone=True)),
    # Since when another one is in use instead.
    Column("superseded_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("revoked_by", Text, nullable=False, server_default=""),
    # When it was told that it ends soon.
    Column("told_at", DateTime(timezone=True)),
    CheckConstraint("holder IN ('station', 'server', 'authority')", name="holder"),
    CheckConstraint("origin IN ('issued', 'shown', 'file')", name="origin"),
    Index("certificate_station_id_fingerprint_idx", "station_id", "fingerprint", unique=True),
    Index(
        "certificate_holder_fingerprint_idx",
        "holder",
        "fingerprint",
        unique=True,
        postgresql_where=text("holder <> 'station'"),
    ),
    Index("certificate_not_after_id_idx", "not_after", "id"),
)

IN_USE: Final[ColumnElement[bool]] = or_(
    certificate.c.holder != Holder.STATION,
    certificate.c.station_id.is_not(None)
    & certificate.c.shown_at.is_not(None)
    & certificate.c.superseded_at.is_(None)
    & certificate.c.revoked_at.is_(None),
)
"""Whether the server, or a station that is there, proves itself with it now."""


def ends_before(instant: datetime) -> ColumnElement[bool]:
    """Whether a certificate that is in use ends before an instant, or has ended."""
    return IN_USE & (certificate.c.not_after < instant)


def _values(one: x509.Certificate, holder: Holder, origin: Origin, now: datetime) -> dict[str, Any]:
    return {
        "holder": holder.value,
        "origin": origin.value,
        "serial": serial_of(one),
        "fingerprint": fingerprint(one),
        "subject": one.subject.rfc4514_string(),
        "issuer": one.issuer.rfc4514_string(),
        "not_before": one.not_valid_before_utc,
        "not_after": one.not_valid_after_utc,
        "pem": write([one]),
        "known_at": now,
    }


async def add(
    connection: AsyncConnection, station: Station, one: x509.Certificate, origin: Origin, now: datetime
) -> Row[Any]:
    """A certificate that was signed for a station; returns its row."""
    values = _values(one, Holder.STATION, origin, now)
    adding = upsert(certificate).values(organisation_id=station.organisation, station_id=station.key, **values)
    row: Row[Any] = (await connection.execute(adding.returning(certificate))).one()
    return row


async def shown(connection: AsyncConnection, station: Station, one: x509.Certificate, now: datetime) -> None:
    """A station has come with this certificate, and so uses no other."""
    table = certificate.c
    values = _values(one, Holder.STATION, Origin.SHOWN, now)
    others = (table.station_id == station.key) & (table.fingerprint != values["fingerprint"])
    await connection.execute(update(certificate).where(others, table.superseded_at.is_(None)).values(superseded_at=now))
    adding = upsert(certificate).values(
        organisation_id=station.organisation, station_id=station.key, shown_at=now, **values
    )
    again = {"shown_at": func.coalesce(table.shown_at, now), "superseded_at": None}
    await connection.execute(adding.on_conflict_do_update(index_elements=["station_id", "fingerprint"], set_=again))


async def revoke(
    connection: AsyncConnection, station: int, key: int, now: datetime, revoked_by: str
) -> Row[Any] | None:
    """Revoke a certificate of a station; returns its row, None if there is none. One that is revoked stays as it is."""
    theirs = (certificate.c.id == key) & (certificate.c.station_id == station)
    values = {"revoked_at": now, "revoked_by": revoked_by}
    await connection.execute(update(certificate).where(theirs, certificate.c.revoked_at.is_(None)).values(values))
    return (await connection.execute(select(certificate).where(theirs))).one_or_none()


async def revoked(connection: AsyncConnection) -> set[str]:
    """The fingerprints of all that are revoked."""
    found = await connection.execute(select(certificate.c.fingerprint).where(certificate.c.revoked_at.is_not(None)))
    return set(found.scalars())


async def in_use(connection: AsyncConnection) -> dict[int, str]:
    """The number of each station that has shown one, with the fingerprint of what it shows."""
    table = certificate.c
    found = select(table.station_id, table.fingerprint).where(
        table.station_id.is_not(None), table.shown_at.is_not(None), table.superseded_at.is_(None)
    )
    return {row[0]: row[1] for row in await connection.execute(found)}


async def keep_own(
    connection: AsyncConnection, own: Collection[tuple[Holder, x509.Certificate]], now: datetime
) -> None:
    """Let these be the server's own certificates, and no others."""
    rows = [_values(one, holder, Origin.FILE, now) for holder, one in own]
    gone = delete(certificate).where(
        certificate.c.holder != Holder.STATION, certificate.c.fingerprint.not_in([row["fingerprint"] for row in rows])
    )
    await connection.execute(gone)
    for row in rows:
        await connection.execute(upsert(certificate).values(row).on_conflict_do_nothing())


async def untold(connection: AsyncConnection, before: datetime, now: datetime) -> Sequence[Row[Any]]:
    """Those in use that end before an instant, and of which that was not told yet. From now on it is."""
    telling = update(certificate).where(ends_before(before), certificate.c.told_at.is_(None)).values(told_at=now)
    rows: Sequence[Row[Any]] = (await connection.execute(telling.returning(certificate))).all()
    return rows
