"""What is done with sites."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from forecourt.csms.sites.store import site as table
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound


class SiteChanged(Event, frozen=True, kw_only=True):
    """A site was added, changed or removed; `what` says which."""

    organisation_id: int
    site_id: int
    name: str
    what: str


async def add(work: Work, organisation: int, values: dict[str, Any]) -> int:
    """Make a site. The database refuses a name that the organisation uses already."""
    adding = insert(table).values(organisation_id=organisation, created_at=work.now, **values).returning(table.c.id)
    key = int((await (await work.sql()).execute(adding)).scalar_one())
    work.announce(SiteChanged(organisation_id=organisation, site_id=key, name=values["name"], what="added"))
    return key


async def organisation_of(work: Work, key: int) -> int | None:
    """Whose site it is; None if there is no such site."""
    found = await (await work.sql()).execute(select(table.c.organisation_id).where(table.c.id == key))
    owner: int | None = found.scalar_one_or_none()
    return owner


async def change(work: Work, key: int, organisation: int, name: str, values: dict[str, Any]) -> None:
    """Change what is named in `values`. Raises NotFound."""
    if values:
        changed = await (await work.sql()).execute(update(table).where(table.c.id == key).values(**values))
        if changed.rowcount != 1:
            raise NotFound("site_unknown", f"there is no site {key}")
    work.announce(SiteChanged(organisation_id=organisation, site_id=key, name=values.get("name", name), what="changed"))


async def remove(work: Work, key: int, organisation: int, name: str) -> None:
    """Remove a site; the database refuses while stations stand on it. Raises NotFound."""
    removed = await (await work.sql()).execute(delete(table).where(table.c.id == key))
    if removed.rowcount != 1:
        raise NotFound("site_unknown", f"there is no site {key}")
    work.announce(SiteChanged(organisation_id=organisation, site_id=key, name=name, what="removed"))
