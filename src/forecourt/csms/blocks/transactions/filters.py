"""Which transactions a list is of, and how its statement is put so that indexes find them."""

from __future__ import annotations

from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, false, select, true

from forecourt.csms.blocks.transactions.store import transaction as table
from forecourt.csms.stations.store import station
from forecourt.csms.stations.visible import stands_at
from forecourt.csms.web.instants import between
from forecourt.csms.web.paging import Order
from forecourt.csms.web.requests import ApiRequest

State = Literal["active", "ended"]

MOST_OF_EACH: Final = 200
"""Up to such a page the latest of each station of a site are gathered; for longer ones that would read too much."""

_LIST: Final = select(table)


class Filters:
    """Which transactions are meant. The parameters of the list and of the export."""

    def __init__(
        self,
        *,
        organisation: int | None,
        station: int | None,
        site: int | None,
        token_id: int | None,
        token: str | None,
        state: State | None,
        refused: bool | None,
        since: str | None,
        until: str | None,
    ) -> None:
        same = {"organisation_id": organisation, "station_id": station, "token_id": token_id}
        self.conditions: list[ColumnElement[bool]] = [
            *(table.c[name] == value for name, value in same.items() if value is not None),
            *between(table.c.started_at, since, until),
        ]
        self.site = site
        if token is not None:
            self.conditions.append(table.c.token_key == token.casefold())
        if state is not None:
            open_ = table.c.ended_at.is_(None)
            self.conditions.append(open_ if state == "active" else ~open_)
        if refused is not None:
            was_refused = table.c.verdict.not_in(("", "Accepted"))
            self.conditions.append(was_refused if refused else ~was_refused)

    def select(self, request: ApiRequest, order: Order, cursor: str | None, limit: int) -> Select[Any]:
        """The statement, with the caller's bounds said once more in a way that an index can use."""
        conditions = list(self.conditions)
        seen = request.caller.scope(request.permission).organisations
        if seen is not None and len(seen) <= 1:
            conditions.append(table.c.organisation_id == next(iter(seen)) if seen else false())
        if self.site is None:
            return _LIST.where(*conditions)
        if order.column is not table.c.started_at or limit > MOST_OF_EACH:
            return _LIST.where(*conditions, stands_at(table.c.station_id, self.site))
        return self._of_site(self.site, conditions, order, cursor, limit)

    def _of_site(
        self, site: int, conditions: list[ColumnElement[bool]], order: Order, cursor: str | None, limit: int
    ) -> Select[Any]:
        """The page of each station, of which the page of the site is made: otherwise everybody's transactions are gone through
        until enough of the site's have been met."""
        of_one = select(table.c.id, table.c.started_at).where(table.c.station_id == station.c.id, *conditions)
        each = order.page(of_one, cursor, limit).lateral("each")
        together = select(each.c.id).select_from(station.join(each, true())).where(station.c.site_id == site)
        first = (each.c.started_at.desc(), each.c.id.desc()) if order.descending else (each.c.started_at, each.c.id)
        page = together.order_by(*first).limit(limit + 1).subquery("page")
        return _LIST.join(page, page.c.id == table.c.id)
