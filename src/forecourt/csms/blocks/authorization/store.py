"""The tables of tokens, of their groups, and of whose tokens an operator takes; the only SQL about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    and_,
    any_,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.authorization.model import KnownToken, TokenData, TokenKey
from forecourt.csms.blocks.authorization.records import fields_of, known_of
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.schema import metadata

# A group belongs to one organisation: stations compare nothing but its name.
token_group = Table(
    "token_group",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False),
    Column("value", Text, nullable=False),
    # The value without case, by which it is compared.
    Column("key", Text, nullable=False, unique=True),
    # Its tokens stop transactions and start none (C16.FR.03).
    Column("master_pass", Boolean, nullable=False, server_default="false"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("organisation_id", "id"),
    CheckConstraint("char_length(value) BETWEEN 1 AND 20", name="value"),
)

token = Table(
    "token",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # Who provides it to a driver.
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False),
    Column("value", Text, nullable=False),
    # The value without case, by which it is found.
    Column("key", Text, nullable=False),
    # IdTokenEnumStringType of 2.1; empty for an idTag, which matches any.
    Column("kind", Text, nullable=False),
    Column("medium", Text, nullable=False),
    Column("group_id", BigInteger),
    Column("visual_number", Text, nullable=False, server_default=""),
    Column("valid_from", DateTime(timezone=True)),
    Column("valid_until", DateTime(timezone=True)),
    Column("blocked", Boolean, nullable=False, server_default="false"),
    Column("block_reason", Text, nullable=False, server_default=""),
    Column("blocked_at", DateTime(timezone=True)),
    Column("language", Text, nullable=False, server_default=""),
    Column("second_language", Text, nullable=False, server_default=""),
    Column("personal_message", Text, nullable=False, server_default=""),
    # How many transactions may be open at once; null for any number.
    Column("max_concurrent", Integer, server_default="1"),
    Column("concurrent_per_group", Boolean, nullable=False, server_default="false"),
    Column("charging_priority", SmallInteger, nullable=False, server_default="0"),
    # How long a station may rely on a verdict; null for as long as it likes.
    Column("cache_life_s", Integer),
    # Where it may charge: station identities, each with its EVSEs or null for all; null for everywhere.
    Column("places", JSONB(none_as_null=True)),
    Column("evse_kinds", ARRAY(Text)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    # A removed token stays, because transactions point to it.
    Column("removed_at", DateTime(timezone=True)),
    CheckConstraint("max_concurrent >= 1", name="max_concurrent"),
    CheckConstraint("medium IN ('rfid', 'app', 'contract', 'code', 'payment', 'other')", name="medium"),
    CheckConstraint("valid_from < valid_until", name="validity"),
    # In one constraint, so that a token is never in the group of somebody else.
    ForeignKeyConstraint(
        ["organisation_id", "group_id"],
        ["token_group.organisation_id", "token_group.id"],
        name="token_group_id_fkey",
    ),
    Index("token_organisation_id_id_idx", "organisation_id", "id"),
    Index("token_group_id_idx", "group_id"),
    Index("token_key_id_idx", "key", "id"),
    Index("token_changed_at_id_idx", "changed_at", "id"),
    Index("token_blocked_id_idx", "id", postgresql_where=text("blocked")),
    # For a search by how it begins.
    Index("token_key_beginning_idx", "key", postgresql_ops={"key": "text_pattern_ops"}),
    Index("token_visual_number_beginning_idx", "visual_number", postgresql_ops={"visual_number": "text_pattern_ops"}),
)
Index(
    "token_key_kind_idx",
    token.c.key,
    func.lower(token.c.kind),
    unique=True,
    postgresql_where=text("removed_at IS NULL"),
)

# Whose tokens an operator takes besides its own.
token_acceptance = Table(
    "token_acceptance",
    metadata,
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), primary_key=True),
    Column("provider_id", BigInteger, ForeignKey("organisation.id"), primary_key=True),
    # Whether they go on the local lists of its stations.
    Column("listed", Boolean, nullable=False, server_default="true"),
    Column("since", DateTime(timezone=True), nullable=False),
    Index("token_acceptance_provider_id_idx", "provider_id"),
)

_NAMES: Final = 0x746F6B656E73
"""An advisory lock: whoever gives a token its name is alone, since an index cannot say that an idTag has no namesake."""

Fields = Mapping[str, Any]


def tokens_as_seen_by(operator: OrganisationKey) -> Select[Any]:
    """All tokens that are not removed, each with whether `operator` takes it and whether it goes on its local lists."""
    own = token.c.organisation_id == operator
    joined = token.outerjoin(token_group, token_group.c.id == token.c.group_id).outerjoin(
        token_acceptance,
        and_(token_acceptance.c.organisation_id == operator, token_acceptance.c.provider_id == token.c.organisation_id),
    )
    return (
        select(
            token,
            token_group.c.value.label("group_value"),
            token_group.c.master_pass,
            or_(own, token_acceptance.c.provider_id.is_not(None)).label("accepted_here"),
            or_(own, func.coalesce(token_acceptance.c.listed, literal(False))).label("listed"),
        )
        .select_from(joined)
        .where(token.c.removed_at.is_(None))
    )


async def find(connection: AsyncConnection, key: str, operator: OrganisationKey) -> list[KnownToken]:
    """Every token of that name, of whatever kind, as seen by an operator."""
    found = await connection.execute(tokens_as_seen_by(operator).where(token.c.key == key))
    return [known_of(row) for row in found]


async def load(connection: AsyncConnection, keys: Collection[TokenKey], *, lock: bool = False) -> list[KnownToken]:
    """Tokens by our numbers; removed ones are not there. With `lock`, for whoever is about to change them."""
    wanted = tokens_as_seen_by(OrganisationKey(0)).where(token.c.id.in_(keys)).order_by(token.c.id)
    found = await connection.execute(wanted.with_for_update(of=token) if lock else wanted)
    return [known_of(row) for row in found]


async def hold(connection: AsyncConnection, known: KnownToken) -> None:
    """Let nobody else begin a transaction with this token, or with its group where that counts, until this unit is committed."""
    per_group = known.data.concurrent_per_group and known.group_key is not None
    table, number = (token_group, known.group_key) if per_group else (token, known.key)
    await connection.execute(select(table.c.id).where(table.c.id == number).with_for_update(key_share=True))


async def namesakes(connection: AsyncConnection, keys: Collection[str]) -> list[KnownToken]:
    """Every token of one of these names, whoever's it is. Nobody else can name a token until this unit is committed."""
    await connection.execute(select(func.pg_advisory_xact_lock(_NAMES)))
    found = await connection.execute(
        tokens_as_seen_by(OrganisationKey(0)).where(token.c.key == any_(literal(list(keys), ARRAY(Text))))
    )
    return [known_of(row) for row in found]


async def roles_of(connection: AsyncConnection, key: OrganisationKey) -> frozenset[str]:
    """The roles of an organisation, none if it does not exist."""
    found = await connection.execute(text("SELECT roles FROM organisation WHERE id = :key"), {"key": key})
    return frozenset(found.scalar_one_or_none() or ())


async def groups(connection: AsyncConnection, values: Collection[str]) -> dict[str, tuple[int, OrganisationKey]]:
    """The number and the owner of each group of these names that exists, by the name without case."""
    found = await connection.execute(
        select(token_group.c.key, token_group.c.id, token_group.c.organisation_id).where(
            token_group.c.key == any_(literal([value.casefold() for value in values], ARRAY(Text)))
        )
    )
    return {row.key: (row.id, OrganisationKey(row.organisation_id)) for row in found}


async def add_group(connection: AsyncConnection, owner: OrganisationKey, value: str, now: datetime) -> int:
    """A new group; returns its number."""
    adding = insert(token_group).values(organisation_id=owner, value=value, key=value.casefold(), created_at=now)
    added = await connection.execute(adding.returning(token_group.c.id))
    return int(added.scalar_one())


async def set_master_pass(connection: AsyncConnection, group_key: int, master_pass: bool) -> None:
    """Let a group stop transactions only, or be like any other."""
    await connection.execute(update(token_group).where(token_group.c.id == group_key).values(master_pass=master_pass))


async def add(
    connection: AsyncConnection, owner: OrganisationKey, entries: Sequence[tuple[TokenData, int | None]], now: datetime
) -> list[TokenKey]:
    """New tokens, each with the number of its group; returns their numbers in the same order."""
    rows = [
        {
            **fields_of(data, group_key),
            "organisation_id": owner,
            "value": data.token.value,
            "key": data.token.key,
            "kind": data.token.kind,
            "created_at": now,
            "changed_at": now,
        }
        for data, group_key in entries
    ]
    adding = insert(token).returning(token.c.id, sort_by_parameter_order=True)
    added = await connection.execute(adding, rows)
    return [TokenKey(number) for number in added.scalars()]


async def change(connection: AsyncConnection, key: TokenKey, fields: Fields, now: datetime) -> None:
    """Set some columns of a token."""
    await connection.execute(update(token).where(token.c.id == key).values(**fields, changed_at=now))


async def accept(
    connection: AsyncConnection, operator: OrganisationKey, provider: OrganisationKey, listed: bool, now: datetime
) -> None:
    """Let an operator take a provider's tokens."""
    adding = upsert(token_acceptance).values(organisation_id=operator, provider_id=provider, listed=listed, since=now)
    await connection.execute(
        adding.on_conflict_do_update(
            index_elements=["organisation_id", "provider_id"], set_={"listed": adding.excluded.listed}
        )
    )


async def drop(connection: AsyncConnection, operator: OrganisationKey, provider: OrganisationKey) -> bool:
    """Let an operator no longer take a provider's tokens. False if it did not."""
    gone = await connection.execute(
        token_acceptance.delete().where(
            token_acceptance.c.organisation_id == operator, token_acceptance.c.provider_id == provider
        )
    )
    return gone.rowcount > 0
