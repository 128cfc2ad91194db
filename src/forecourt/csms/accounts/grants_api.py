"""Grants as the API says them, and the table of roles."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from forecourt.csms.web.callers import Grant
from forecourt.csms.web.permissions import NOT_ON_A_SITE, PERMISSIONS, PLATFORM_ONLY, Role
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import SIGNED_IN, read

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class GrantOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A role and where it holds: on the platform if nothing is named."""

    role: Role
    organisation_id: int | None = None
    site_id: int | None = None


class GrantBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A role and where it is to hold: on the platform if nothing is named, on a site if both are."""

    role: Role
    organisation_id: Number | None = None
    site_id: Number | None = None


class PermissionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A permission. `platformOnly` says that only a grant for the whole platform gives it, `onSites` that one for a site does."""

    name: str
    platform_only: bool
    on_sites: bool


class RoleOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A role and what it permits."""

    role: Role
    permissions: list[PermissionOut]


class Roles(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All roles."""

    items: list[RoleOut]


def grant_of(body: GrantBody) -> Grant:
    """The grant that is meant."""
    return Grant(body.role, body.organisation_id, body.site_id)


def grant_out(grant: Grant) -> GrantOut:
    """A grant, as it is shown."""
    return GrantOut(role=grant.role, organisation_id=grant.organisation, site_id=grant.site)


def routes() -> list[HTTPRouteHandler]:
    """The route of roles."""
    return [list_roles]


@read("/roles", permission=SIGNED_IN, tags=["Users"], summary="List roles and what each permits")
async def list_roles(request: ApiRequest) -> Roles:
    return Roles(items=[RoleOut(role=role, permissions=_permissions(role)) for role in Role])


def _permissions(role: Role) -> list[PermissionOut]:
    return [
        PermissionOut(name=name, platform_only=name in PLATFORM_ONLY, on_sites=name not in NOT_ON_A_SITE)
        for name, roles in sorted(PERMISSIONS.items())
        if role in roles
    ]
