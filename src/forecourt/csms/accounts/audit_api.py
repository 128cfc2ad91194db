"""The routes of the audit log: who changed what, when, and what it was before."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from sqlalchemy import Row, select

from forecourt.csms.web.audit import audit as table
from forecourt.csms.web.instants import FromInstant, ToInstant, between
from forecourt.csms.web.numbers import OrganisationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, read
from forecourt.csms.web.texts import ANY
from forecourt.errors import NotFound


class AuditOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A change. `action` is what was done, `subject` to what, as its path in the API; `before` and `after` are what that
    path would have answered, without secrets, null where there was nothing."""

    id: int
    at: datetime
    organisation_id: int | None
    actor: str
    user_id: int | None
    key_id: int | None
    peer: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


# In the order of committing, nearly: what matters is that each is there once.
_SORTING = Sorting(table.c.id, {}, "-id")
_TAGS = ["Audit log"]


def routes() -> list[HTTPRouteHandler]:
    """The routes of the audit log."""
    return [list_audit, get_audit]


@read("/audit", permission="audit.read", tags=_TAGS, summary="List changes, the latest first")
async def list_audit(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
    user_id: Annotated[int | None, QueryParameter(name="userId", ge=1, le=2**63 - 1, description="who did it")] = None,
    key_id: Annotated[int | None, QueryParameter(name="keyId", ge=1, le=2**63 - 1, description="by which key")] = None,
    action: Annotated[
        str | None, QueryParameter(max_length=100, pattern=ANY, description="such as site.changed")
    ] = None,
    subject: Annotated[str | None, QueryParameter(max_length=200, pattern=ANY, description="such as sites/7")] = None,
    since: FromInstant = None,
    until: ToInstant = None,
) -> Page[AuditOut]:
    columns = table.c
    wanted = {
        columns.organisation_id: organisation_id,
        columns.user_id: user_id,
        columns.key_id: key_id,
        columns.action: action,
        columns.subject: subject,
    }
    statement = select(table).where(*(column == value for column, value in wanted.items() if value is not None))
    statement = statement.where(*between(columns.at, since, until))
    async with request.work() as work:
        connection = await work.sql()
        return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


@read("/audit/{audit_id:int}", permission="audit.read", tags=_TAGS, summary="Get a change")
async def get_audit(request: ApiRequest, audit_id: Key) -> AuditOut:
    async with request.work() as work:
        found = await (await work.sql()).execute(select(table).where(table.c.id == audit_id))
        row = found.one_or_none()
    if row is None:
        raise NotFound("change_unknown", f"there is no change {audit_id}")
    return _out(row)


def _out(row: Row[Any]) -> AuditOut:
    return AuditOut(**{name: row._mapping[name] for name in AuditOut.__struct_fields__})
