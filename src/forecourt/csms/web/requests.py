"""A request as handlers see it: who asks, and units of work that see no more than this caller may."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from forecourt.csms.store.engine import Database
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Store, Work
from forecourt.csms.web.audit import Change
from forecourt.csms.web.callers import Caller
from forecourt.csms.web.problems import ChangedMeanwhile, NotAuthenticated
from forecourt.errors import Invalid

PERMISSION: Final = "permission"
"""The key of a route's `opt` that names what a caller must be allowed."""

SHOWN_ONCE: Final = {"Cache-Control": "no-store"}
"""Headers of an answer that holds a secret: it is kept nowhere, and not repeated to the same Idempotency-Key either."""

HOLD_S: Final = 8.0
"""How long a request waits for the database."""


class ApiRequest(Request[Caller | None, Any, State]):
    """A request of the API."""

    @property
    def caller(self) -> Caller:
        """Who asks. Raises NotAuthenticated on a route that is open to everybody when nobody has signed in."""
        found = self.scope.get("user")
        if not isinstance(found, Caller):
            raise NotAuthenticated("not_authenticated", "sign in, or send an API key: Authorization: Bearer ...")
        return found

    @property
    def permission(self) -> str:
        """What this route needs."""
        return str(self.route_handler.opt[PERMISSION])

    def work(self) -> Work:
        """A unit of work that reads, and sees only what the caller may, by this route's permission."""
        if self.method != "GET":
            raise RuntimeError("what may change something is done in `change`, which puts it on the audit log")
        return self._within()

    def change(self) -> Change:
        """A unit of work that changes something within the same bounds. Always a transaction of its own."""
        return Change(self._within(), self.caller, self.peer)

    def change_as_owner(self) -> Change:
        """As `change`, but beyond any scope: the handler checks what this caller may. For accounts, whose rules have to see
        every grant of a user and what proves an identity."""
        store: Store = self.app.state.store
        everything = store.within(store.database, Scope(organisations=None), hold_s=HOLD_S)
        return Change(everything.work(), self.caller, self.peer)

    @property
    def peer(self) -> str:
        """Where the request came from."""
        return self.client.host if self.client else ""

    def _within(self) -> Work:
        store: Store = self.app.state.store
        database: Database = self.app.state.api_database
        return store.within(database, self.caller.scope(self.permission), hold_s=HOLD_S).work()

    def organisation(self, named: int | None) -> int:
        """The organisation a new thing is to belong to: the one named, or the only one it can be.

        Raises NotFound, NotAllowed, and Invalid when it has to be named.
        """
        caller = self.caller
        chosen = caller.home(self.permission) if named is None else named
        if chosen is None:
            chosen = self.app.state.first_organisation if caller.scope(self.permission).organisations is None else None
        if chosen is None:
            message = "you work for several organisations: say which one"
            raise Invalid("organisation_needed", message, {"organisationId": message})
        caller.check(self.permission, chosen)
        return int(chosen)

    def require_match(self, current: msgspec.Struct) -> None:
        """Raise ChangedMeanwhile if the caller made its change for another state of the resource (If-Match)."""
        wanted = self.headers.get("if-match")
        if wanted is not None and wanted.strip() != "*" and tag_of(current) not in _tags(wanted):
            raise ChangedMeanwhile("changed_meanwhile", "somebody has changed it since you read it; read it again")

    def tagged(
        self,
        resource: msgspec.Struct,
        *,
        status_code: int = 200,
        location: str = "",
        tag_by: msgspec.Struct | None = None,
    ) -> Response[Any]:
        """A single resource with its entity tag, or 304 if the caller has it already (If-None-Match).

        With `tag_by` the tag is weak and only for If-Match: it goes by that part of the resource which people change.
        """
        tag = tag_of(resource) if tag_by is None else f"W/{tag_of(tag_by)}"
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if location:
            headers["Location"] = location
        wanted = self.headers.get("if-none-match")
        if (
            self.method == "GET"
            and tag_by is None
            and wanted is not None
            and (wanted.strip() == "*" or tag in _tags(wanted))
        ):
            return Response(None, status_code=304, headers=headers)
        return Response(resource, status_code=status_code, headers=headers)


def tag_of(resource: msgspec.Struct) -> str:
    """The entity tag of a resource: another one for every other content."""
    return f'"{hashlib.blake2b(msgspec.json.encode(resource), digest_size=12).hexdigest()}"'


def _tags(header: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in header.split(",")}
