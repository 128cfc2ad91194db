"""The routes of sites. The simplest resource there is: copy this one."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row, select

from forecourt.csms.sites import actions
from forecourt.csms.sites.store import site as table
from forecourt.csms.store.work import Work
from forecourt.csms.web.numbers import OrganisationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of, search
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove
from forecourt.csms.web.texts import ANY, LINE
from forecourt.errors import Invalid, NotFound

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE)]
Address = Annotated[str, Meta(max_length=300, pattern=ANY)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
TimeZone = Annotated[str, Meta(max_length=64, description="a name of the time zone database, such as Europe/Berlin")]


class SiteOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A place where stations stand."""

    id: int
    organisation_id: int
    name: str
    address: str
    latitude_degrees: float | None
    longitude_degrees: float | None
    time_zone: str
    created_at: datetime


class SiteBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new site. The organisation has to be named by those who work for several."""

    organisation_id: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    name: Name
    address: Address = ""
    latitude_degrees: Latitude | None = None
    longitude_degrees: Longitude | None = None
    time_zone: TimeZone = "UTC"


class SiteChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    address: Address | UnsetType = UNSET
    latitude_degrees: Latitude | UnsetType | None = UNSET
    longitude_degrees: Longitude | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET


_SORTING = Sorting(table.c.id, {"name": table.c.name, "createdAt": table.c.created_at}, "name")
_TAGS = ["Sites"]


def routes() -> list[HTTPRouteHandler]:
    """The routes of sites."""
    return [list_sites, create_site, get_site, change_site, remove_site]


@read("/sites", permission="sites.read", tags=_TAGS, summary="List sites")
async def list_sites(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
    text: Annotated[
        str | None, QueryParameter(name="search", max_length=100, description="in name and address")
    ] = None,
) -> Page[SiteOut]:
    statement = select(table)
    if organisation_id is not None:
        statement = statement.where(table.c.organisation_id == organisation_id)
    if text:
        statement = statement.where(table.c.name.ilike(search(text)) | table.c.address.ilike(search(text)))
    async with request.work() as work:
        connection = await work.sql()
        return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


@create("/sites", permission="sites.write", tags=_TAGS, summary="Add a site")
async def create_site(request: ApiRequest, data: JSONBody[SiteBody]) -> Response[SiteOut]:
    _check_time_zone(data.time_zone)
    organisation = request.organisation(data.organisation_id)
    values = {name: getattr(data, name) for name in data.__struct_fields__ if name != "organisation_id"}
    async with request.change() as change:
        key = await actions.add(change.work, organisation, values)
        out = await _one(change.work, key)
        change.record("site.added", f"sites/{key}", organisation, after=out)
    return request.tagged(out, status_code=201, location=f"/api/v1/sites/{key}")


@read("/sites/{site_id:int}", permission="sites.read", tags=_TAGS, summary="Get a site")
async def get_site(request: ApiRequest, site_id: Key) -> Response[SiteOut]:
    async with request.work() as work:
        return request.tagged(await _one(work, site_id))


@change("/sites/{site_id:int}", permission="sites.write", tags=_TAGS, summary="Change a site")
async def change_site(request: ApiRequest, site_id: Key, data: JSONBody[SiteChange]) -> Response[SiteOut]:
    values: dict[str, Any] = {
        name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET
    }
    if "time_zone" in values:
        _check_time_zone(values["time_zone"])
    async with request.change() as change:
        before = await _one(change.work, site_id)
        request.require_match(before)
        await actions.change(change.work, site_id, before.organisation_id, before.name, values)
        out = await _one(change.work, site_id)
        change.record("site.changed", f"sites/{site_id}", before.organisation_id, before=before, after=out)
    return request.tagged(out)


@remove("/sites/{site_id:int}", permission="sites.write", tags=_TAGS, summary="Remove a site without stations")
async def remove_site(request: ApiRequest, site_id: Key) -> None:
    async with request.change() as change:
        before = await _one(change.work, site_id)
        request.require_match(before)
        await actions.remove(change.work, site_id, before.organisation_id, before.name)
        change.record("site.removed", f"sites/{site_id}", before.organisation_id, before=before)


async def _one(work: Work, key: int) -> SiteOut:
    found = await (await work.sql()).execute(select(table).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise NotFound("site_unknown", f"there is no site {key}")
    return _out(row)


def _out(row: Row[Any]) -> SiteOut:
    return SiteOut(**{name: row._mapping[name] for name in SiteOut.__struct_fields__})


def _check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        message = f"{name} is no time zone; an example is Europe/Berlin"
        raise Invalid("time_zone_unknown", message, {"timeZone": message})
