"""What is done with organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from forecourt.csms.organisations.store import organisation as table
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound

DEFAULT_NAME: Final = "Forecourt"
DEFAULT_COUNTRY: Final = "DE"
DEFAULT_PARTY: Final = "FCT"

_FIRST_START: Final = 0x466F7265636F7572
"""Number of the advisory lock under which the first organisation is made; two processes may start at once."""


class OrganisationAdded(Event, frozen=True, kw_only=True):
    """An organisation exists."""

    organisation_id: int
    name: str


class OrganisationChanged(Event, frozen=True, kw_only=True):
    """An organisation was changed or removed; `what` says which."""

    organisation_id: int
    name: str
    what: str


async def add(
    work: Work,
    *,
    name: str,
    roles: Sequence[str],
    country_code: str,
    party_id: str,
    certificate_names: Sequence[str] = (),
) -> OrganisationKey:
    """Make an organisation. The database refuses a name or a party that is taken, and roles other than cpo and emsp."""
    added = await (await work.sql()).execute(
        insert(table)
        .values(
            name=name,
            roles=list(roles),
            country_code=country_code,
            party_id=party_id,
            certificate_names=list(certificate_names),
            created_at=work.now,
        )
        .returning(table.c.id)
    )
    key = OrganisationKey(added.scalar_one())
    work.announce(OrganisationAdded(organisation_id=key, name=name))
    return key


async def exists(work: Work, key: int) -> bool:
    """Whether there is such an organisation."""
    found = await (await work.sql()).execute(select(table.c.id).where(table.c.id == key))
    return found.first() is not None


async def sole(work: Work) -> OrganisationKey | None:
    """The organisation, if there is exactly one."""
    found = list(await (await work.sql()).execute(select(table.c.id).limit(2)))
    return OrganisationKey(found[0].id) if len(found) == 1 else None


async def change(work: Work, key: int, name: str, values: dict[str, Any]) -> None:
    """Change what is named in `values`. Raises NotFound."""
    if values:
        changed = await (await work.sql()).execute(update(table).where(table.c.id == key).values(**values))
        if changed.rowcount != 1:
            raise NotFound("organisation_unknown", f"there is no organisation {key}")
    work.announce(OrganisationChanged(organisation_id=key, name=values.get("name", name), what="changed"))


async def remove(work: Work, key: int, name: str) -> None:
    """Remove an organisation; the database refuses while anything belongs to it. Raises NotFound."""
    removed = await (await work.sql()).execute(delete(table).where(table.c.id == key))
    if removed.rowcount != 1:
        raise NotFound("organisation_unknown", f"there is no organisation {key}")
    work.announce(OrganisationChanged(organisation_id=key, name=name, what="removed"))


async def ensure_first(work: Work) -> OrganisationKey:
    """The organisation with the lowest number; on an empty database, a new one that operates stations and provides tokens."""
    connection = await work.sql()
    await connection.execute(select(func.pg_advisory_xact_lock(_FIRST_START)))
    found = await connection.execute(select(table.c.id).order_by(table.c.id).limit(1))
    first = found.scalar_one_or_none()
    if first is not None:
        return OrganisationKey(first)
    return await add(
        work, name=DEFAULT_NAME, roles=["cpo", "emsp"], country_code=DEFAULT_COUNTRY, party_id=DEFAULT_PARTY
    )
