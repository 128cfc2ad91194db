"""The routes of organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row, select

from forecourt.csms.organisations import actions
from forecourt.csms.organisations.store import organisation as table
from forecourt.csms.store.work import Work
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of, search
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove
from forecourt.csms.web.texts import END, LINE
from forecourt.errors import Conflict, Invalid, NotFound

Party = Literal["cpo", "emsp"]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE)]
Roles = Annotated[
    list[Party],
    Meta(min_length=1, max_length=2, description="cpo operates stations, emsp provides tokens to drivers"),
]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}" + END, description="ISO 3166-1 alpha-2")]
PartyId = Annotated[str, Meta(pattern=r"^[A-Z0-9]{3}" + END, description="as in roaming; unique in the country")]
CertificateNames = Annotated[
    list[Name],
    Meta(max_length=20, description="what the O of stations' certificates may say, besides the organisation's name"),
]


class OrganisationOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who operates stations or provides tokens, or both."""

    id: int
    name: str
    roles: list[Party]
    country_code: str
    party_id: str
    certificate_names: list[str]
    created_at: datetime


class OrganisationBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new organisation."""

    name: Name
    roles: Roles
    country_code: CountryCode
    party_id: PartyId
    certificate_names: CertificateNames = msgspec.field(default_factory=list)


class OrganisationChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays. Stations' certificates are held against it a few seconds later."""

    name: Name | UnsetType = UNSET
    roles: Roles | UnsetType = UNSET
    country_code: CountryCode | UnsetType = UNSET
    party_id: PartyId | UnsetType = UNSET
    certificate_names: CertificateNames | UnsetType = UNSET


_SORTING = Sorting(table.c.id, {"name": table.c.name, "createdAt": table.c.created_at}, "name")
_TAGS = ["Organisations"]


def routes() -> list[HTTPRouteHandler]:
    """The routes of organisations."""
    return [list_organisations, create_organisation, get_organisation, change_organisation, remove_organisation]


@read("/organisations", permission="organisations.read", tags=_TAGS, summary="List organisations")
async def list_organisations(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    text: Annotated[str | None, QueryParameter(name="search", max_length=100, description="in the name")] = None,
) -> Page[OrganisationOut]:
    statement = select(table)
    if text:
        statement = statement.where(table.c.name.ilike(search(text)))
    async with request.work() as work:
        connection = await work.sql()
        return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


@create("/organisations", permission="organisations.write", tags=_TAGS, summary="Add an organisation")
async def create_organisation(request: ApiRequest, data: JSONBody[OrganisationBody]) -> Response[OrganisationOut]:
    _check_once(data.roles)
    async with request.change() as change:
        key = await actions.add(change.work, **msgspec.structs.asdict(data))
        out = await _one(change.work, key)
        change.record("organisation.added", f"organisations/{key}", key, after=out)
    return request.tagged(out, status_code=201, location=f"/api/v1/organisations/{key}")


@read(
    "/organisations/{organisation_id:int}",
    permission="organisations.read",
    tags=_TAGS,
    summary="Get an organisation",
)
async def get_organisation(request: ApiRequest, organisation_id: Key) -> Response[OrganisationOut]:
    async with request.work() as work:
        return request.tagged(await _one(work, organisation_id))


@change(
    "/organisations/{organisation_id:int}",
    permission="organisations.write",
    tags=_TAGS,
    summary="Change an organisation",
)
async def change_organisation(
    request: ApiRequest, organisation_id: Key, data: JSONBody[OrganisationChange]
) -> Response[OrganisationOut]:
    values: dict[str, Any] = {
        name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET
    }
    _check_once(values.get("roles", ()))
    async with request.change() as change:
        before = await _one(change.work, organisation_id)
        request.require_match(before)
        await actions.change(change.work, organisation_id, before.name, values)
        out = await _one(change.work, organisation_id)
        subject = f"organisations/{organisation_id}"
        change.record("organisation.changed", subject, organisation_id, before=before, after=out)
    return request.tagged(out)


@remove(
    "/organisations/{organisation_id:int}",
    permission="organisations.write",
    tags=_TAGS,
    summary="Remove an organisation to which nothing belongs",
)
async def remove_organisation(request: ApiRequest, organisation_id: Key) -> None:
    if organisation_id == request.app.state.first_organisation:
        raise Conflict("first_organisation", "the first organisation stays: what names none belongs to it")
    async with request.change() as change:
        before = await _one(change.work, organisation_id)
        request.require_match(before)
        await actions.remove(change.work, organisation_id, before.name)
        change.record("organisation.removed", f"organisations/{organisation_id}", organisation_id, before=before)


async def _one(work: Work, key: int) -> OrganisationOut:
    found = await (await work.sql()).execute(select(table).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise NotFound("organisation_unknown", f"there is no organisation {key}")
    return _out(row)


def _out(row: Row[Any]) -> OrganisationOut:
    return OrganisationOut(**{name: row._mapping[name] for name in OrganisationOut.__struct_fields__})


def _check_once(roles: list[Party] | tuple[()]) -> None:
    if len(set(roles)) != len(roles):
        message = "a role is named once"
        raise Invalid("named_twice", message, {"roles": message})
