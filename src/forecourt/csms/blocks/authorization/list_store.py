"""The tables of local lists: what operators want on them, and what each station has; the only SQL about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    all_,
    any_,
    delete,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import store
from forecourt.csms.blocks.authorization.list_model import ListMode, ListPolicy, Part
from forecourt.csms.blocks.authorization.model import KnownToken, Medium, TokenKey
from forecourt.csms.blocks.authorization.records import known_of
from forecourt.csms.stations.model import OrganisationKey, Station, StationKey
from forecourt.csms.store.schema import metadata

_MODES: Final = "mode IN ('kept', 'empty', 'left_alone')"

# What an operator wants on the lists of its stations; without a row, the defaults of `ListPolicy`.
local_list_policy = Table(
    "local_list_policy",
    metadata,
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), primary_key=True),
    Column("mode", Text, nullable=False),
    Column("media", ARRAY(Text), nullable=False),
    Column("refused_too", Boolean, nullable=False),
    CheckConstraint(_MODES, name="mode"),
)

# How often anything has changed that decides about lists: an organisation's tokens, where it is a provider, and its
# wishes, where it is an operator. One row instead of one per station, of which there may be thousands.
token_revision = Table(
    "token_revision",
    metadata,
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

local_list = Table(
    "local_list",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    Column("organisation_id", BigInteger, nullable=False, index=True),
    # What is done about this station's list; null leaves it to the operator's policy.
    Column("mode", Text),
    # Grows with every reason to look at this list again that the revisions do not tell; `seen` is what it was brought
    # up to date with, in the words of `_MARKS`.
    Column("touched", BigInteger, nullable=False, server_default="0"),
    Column("seen", Text, nullable=False, server_default=""),
    # When time alone changes what the list should say.
    Column("next_change_at", DateTime(timezone=True)),
    # The version the list should come to; the one the station named last; the one whose entries are on record.
    Column("wanted_version", BigInteger, nullable=False, server_default="0"),
    Column("reported_version", BigInteger),
    Column("synced_version", BigInteger),
    Column("content_hash", LargeBinary),
    Column("entries", Integer, nullable=False, server_default="0"),
    # Tokens that did not fit, or that its version cannot say.
    Column("left_out", Integer, nullable=False, server_default="0"),
    # When the station's own word was last compared with what is on record, and when it last had what it should.
    Column("checked_at", DateTime(timezone=True)),
    Column("synced_at", DateTime(timezone=True)),
    # Why it does not; empty when nothing is wrong.
    Column("failure", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failed_at", DateTime(timezone=True)),
    Column("retry_at", DateTime(timezone=True)),
    CheckConstraint(_MODES, name="mode"),
)

# What a station has, entry by entry, at `synced_version`: enough to say the differences.
local_list_entry = Table(
    "local_list_entry",
    metadata,
    Column("station_id", BigInteger, ForeignKey("local_list.station_id", ondelete="CASCADE"), primary_key=True),
    Column("token_id", BigInteger, ForeignKey("token.id"), primary_key=True),
    Column("organisation_id", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What is on record about a station's list. Its entries are known for `synced_version` only, None: not at all.

    `marks` tell everything that decides about it; where they are what they were, `seen`, nothing has changed.
    """

    mode: ListMode
    policy: ListPolicy
    touched: int = 0
    marks: str = ""
    seen: str = ""
    next_change_at: datetime | None = None
    entries: int = 0
    left_out: int = 0
    wanted_version: int = 0
    reported_version: int | None = None
    synced_version: int | None = None
    content_hash: bytes | None = None
    failure: str = ""
    failures: int = 0

    @property
    def above(self) -> int:
        """The highest version number that was ever used with this station, as far as known."""
        return max(self.wanted_version, self.reported_version or 0, self.synced_version or 0)

    def settled(self, now: datetime) -> bool:
        """Whether nothing has changed since the station had what it should have."""
        complete = self.content_hash is not None and not self.failure
        return complete and self.seen == self.marks and (self.next_change_at is None or self.next_change_at > now)


async def policy_of(connection: AsyncConnection, operator: OrganisationKey) -> ListPolicy:
    """What an operator wants on the lists of its stations."""
    found = await connection.execute(select(local_list_policy).where(local_list_policy.c.organisation_id == operator))
    row = found.one_or_none()
    if row is None:
        return ListPolicy()
    return ListPolicy(
        mode=ListMode(row.mode), media=frozenset(Medium(one) for one in row.media), refused_too=row.refused_too
    )


async def set_policy(connection: AsyncConnection, operator: OrganisationKey, policy: ListPolicy) -> None:
    """Let that be what an operator wants."""
    values = {"mode": policy.mode.value, "media": sorted(policy.media), "refused_too": policy.refused_too}
    adding = upsert(local_list_policy).values(organisation_id=operator, **values)
    await connection.execute(adding.on_conflict_do_update(index_elements=["organisation_id"], set_=values))


async def state_of(connection: AsyncConnection, station: Station) -> ListState:
    """What is on record about a station's list; nothing yet is a state too."""
    policy = await policy_of(connection, station.organisation)
    revisions = (await connection.execute(_MARKS_OF, {"operator": station.organisation})).scalar_one()
    row = (await connection.execute(select(local_list).where(local_list.c.station_id == station.key))).one_or_none()
    if row is None:
        return ListState(mode=policy.mode, policy=policy, marks=f"0;{revisions}")
    return ListState(
        mode=policy.mode if row.mode is None else ListMode(row.mode),
        policy=policy,
        touched=row.touched,
        marks=f"{row.touched};{revisions}",
        seen=row.seen,
        next_change_at=row.next_change_at,
        entries=row.entries,
        left_out=row.left_out,
        wanted_version=row.wanted_version,
        reported_version=row.reported_version,
        synced_version=row.synced_version,
        content_hash=row.content_hash,
        failure=row.failure,
        failures=row.failures,
    )


async def candidates(
    connection: AsyncConnection, operator: OrganisationKey, policy: ListPolicy
) -> Iterator[KnownToken]:
    """The tokens that may be on the lists of an operator's stations: its own first, then the oldest.

    They are read at once and made one by one, since there may be thousands.
    """
    seen = store.tokens_as_seen_by(operator).subquery()
    wanted = (
        select(seen)
        .where(seen.c.listed, seen.c.medium.in_([one.value for one in policy.media]))
        .order_by(seen.c.organisation_id != operator, seen.c.id)
    )
    return map(known_of, (await connection.execute(wanted)).all())


async def held(connection: AsyncConnection, station: Station) -> dict[TokenKey, tuple[Token, int]]:
    """What a station has: each token as it is on record, removed or not, and the digest of its entry."""
    joined = local_list_entry.join(store.token, store.token.c.id == local_list_entry.c.token_id)
    found = await connection.execute(
        select(local_list_entry.c.token_id, store.token.c.value, store.token.c.kind, local_list_entry.c.digest)
        .select_from(joined)
        .where(local_list_entry.c.station_id == station.key)
    )
    return {TokenKey(row.token_id): (Token(row.value, row.kind), row.digest) for row in found}


async def save(connection: AsyncConnection, station: Station, **values: Any) -> None:
    """Set columns of a station's row, which is made unless it is there."""
    adding = upsert(local_list).values(station_id=station.key, organisation_id=station.organisation, **values)
    await connection.execute(adding.on_conflict_do_update(index_elements=["station_id"], set_=values))


async def record_part(connection: AsyncConnection, station: Station, part: Part, wanted_version: int) -> None:
    """The station has taken a part: from now on its version and its entries are these."""
    await save(
        connection,
        station,
        wanted_version=wanted_version,
        reported_version=part.version,
        synced_version=part.version,
        # The list may not be complete yet.
        content_hash=None,
    )
    mine = local_list_entry.c.station_id == station.key
    if not part.full:
        keys = [listed.key for listed in part.changes]
        mine &= local_list_entry.c.token_id == any_(literal(keys, ARRAY(BigInteger)))
    await connection.execute(delete(local_list_entry).where(mine))
    rows = [
        {
            "station_id": station.key,
            "token_id": listed.key,
            "organisation_id": station.organisation,
            "digest": listed.digest,
        }
        for listed in part.changes
        if listed.entry.info is not None
    ]
    if rows:
        await connection.execute(upsert(local_list_entry), rows)


async def forget_missing(connection: AsyncConnection, station: Station, staying: Collection[TokenKey]) -> None:
    """Drop entries on record that the station has no more, because another token took their name."""
    others = local_list_entry.c.token_id != all_(literal(list(staying), ARRAY(BigInteger)))
    await connection.execute(delete(local_list_entry).where(local_list_entry.c.station_id == station.key, others))


async def touch(connection: AsyncConnection, organisation: OrganisationKey) -> None:
    """Have every list looked at again that this organisation's tokens or wishes have to do with."""
    adding = upsert(token_revision).values(organisation_id=organisation, revision=1)
    await connection.execute(
        adding.on_conflict_do_update(
            index_elements=["organisation_id"], set_={"revision": token_revision.c.revision + 1}
        )
    )


_MARKS: Final = (
    "SELECT operator.id AS operator,"
    " coalesce(string_agg(known.organisation_id || ':' || known.revision, ',' ORDER BY known.organisation_id), '') AS words"
    " FROM organisation AS operator LEFT JOIN token_revision AS known ON known.organisation_id = operator.id"
    " OR EXISTS (SELECT FROM token_acceptance AS taken"
    "  WHERE taken.organisation_id = operator.id AND taken.provider_id = known.organisation_id)"
    " GROUP BY operator.id"
)
"""By operator, the revisions of all that decides about the lists of its stations."""

_MARKS_OF: Final = text(f"SELECT words FROM ({_MARKS}) AS marks WHERE operator = :operator")  # noqa: S608 - our own words

_DUE: Final = text(
    f"SELECT station.id FROM station JOIN ({_MARKS}) AS marks ON marks.operator = station.organisation_id"  # noqa: S608
    " LEFT JOIN local_list AS list ON list.station_id = station.id"
    " LEFT JOIN local_list_policy AS policy ON policy.organisation_id = station.organisation_id"
    " WHERE station.connected AND station.enabled AND station.registration = 'Accepted'"
    " AND coalesce(list.mode, policy.mode, 'kept') <> 'left_alone'"
    " AND (list.station_id IS NULL"
    # What a station refused is tried again when its time has come, or after a boot, which may have changed its mind.
    "  OR CASE WHEN list.failure = '' THEN"
    "   list.seen <> list.touched || ';' || marks.words OR list.next_change_at <= :now"
    "   OR list.checked_at IS NULL OR list.checked_at < station.booted_at"
    "  ELSE list.retry_at <= :now OR list.failed_at < station.booted_at END)"
    " ORDER BY list.checked_at NULLS FIRST, station.id LIMIT :limit"
)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[StationKey]:
    """Connected stations whose list is not, or may not be, what it should be; the longest unchecked first."""
    found = await connection.execute(_DUE, {"now": now, "limit": limit})
    return [StationKey(key) for key in found.scalars()]
