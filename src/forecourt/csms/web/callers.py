"""Who asks: a person or a program with grants, each a role on the platform, in an organisation or on a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from forecourt.csms.store.scopes import Scope
from forecourt.csms.web.permissions import NOT_ON_A_SITE, PERMISSIONS, PLATFORM_ONLY, Role
from forecourt.errors import NotAllowed, NotFound


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it holds: on the whole platform if neither is named, else in an organisation, and on a site of it only
    if one is named."""

    role: Role
    organisation: int | None = None
    site: int | None = None

    def gives(self, permission: str) -> bool:
        """Whether this grant alone gives a permission, wherever it holds."""
        if self.role not in PERMISSIONS[permission]:
            return False
        if self.site is not None:
            return permission not in NOT_ON_A_SITE
        return self.organisation is None or permission not in PLATFORM_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who has shown who they are. `name` is what the audit log and commands say of them."""

    name: str
    grants: tuple[Grant, ...]
    user: int | None = None
    key: int | None = None
    session: bytes | None = field(default=None, repr=False)

    def may(self, permission: str) -> bool:
        """Whether any grant gives it, somewhere."""
        return any(grant.gives(permission) for grant in self.grants)

    def scope(self, permission: str) -> Scope:
        """Where the permission holds: the union of all grants that give it."""
        grants = [grant for grant in self.grants if grant.gives(permission)]
        if any(grant.organisation is None for grant in grants):
            return Scope(organisations=None)
        organisations = frozenset(grant.organisation for grant in grants if grant.organisation is not None)
        whole = frozenset(
            grant.organisation for grant in grants if grant.organisation is not None and grant.site is None
        )
        sites = frozenset(grant.site for grant in grants if grant.site is not None)
        return Scope(organisations, sites if organisations != whole else None, whole)

    def check(self, permission: str, organisation: int) -> None:
        """Raise NotFound unless the permission holds in the whole of an organisation that the caller may see."""
        scope = self.scope(permission)
        if scope.organisations is not None and organisation not in scope.organisations:
            raise NotFound(
                "organisation_unknown", f"there is no organisation {organisation}", {"organisationId": "unknown"}
            )
        if scope.sites is not None and organisation not in scope.whole:
            raise NotAllowed("not_allowed", "you may do this on your sites only, not in the whole organisation")

    def home(self, permission: str) -> int | None:
        """The organisation that is meant where none is named: the only one in which the permission holds, if there is one."""
        organisations = self.scope(permission).organisations
        return next(iter(organisations)) if organisations is not None and len(organisations) == 1 else None


class Authenticator(Protocol):
    """Finds out who asks."""

    async def caller(
        self, method: str, headers: Mapping[str, str], cookies: Mapping[str, str], peer: str
    ) -> Caller | None:
        """The caller of a request, None if it shows nothing. Raises NotAllowed for something shown that is wrong."""
