"""Why a token was refused: the last verdicts, as they were announced. The only SQL about those events."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Row, Select, cast, or_, select

from forecourt.csms.blocks.authorization.shapes import JudgementOut
from forecourt.csms.stations.store import station
from forecourt.csms.store.schema import event
from forecourt.csms.store.scopes import Scope

KEY = event.c.id
# Looked up for the rows of a page: joining the tables can cost a sort of all events.
_STATION: Final = select(station.c.wire_id).where(station.c.id == event.c.station_id).scalar_subquery().label("station")


def judgements(
    scope: Scope, *, token_id: int | None, token: str | None, station_id: int | None, refused: bool | None
) -> Select[Any]:
    """The verdicts that a scope may see.

    Its bounds are said here: row-level security would keep the texts inside of events from their index.
    """
    data = event.c.data
    conditions: list[ColumnElement[bool]] = [event.c.kind == "TokenJudged", *_bounds(scope)]
    if token is not None:
        conditions.append(data["token"].astext == token)
    if token_id is not None:
        conditions.append(cast(data["tokenId"].astext, BigInteger) == token_id)
    if station_id is not None:
        conditions.append(event.c.station_id == station_id)
    if refused is not None:
        accepted = data["verdict"].astext == "Accepted"
        conditions.append(~accepted if refused else accepted)
    return select(event.c.id, event.c.at, event.c.organisation_id, event.c.station_id, _STATION, data).where(
        *conditions
    )


def _bounds(scope: Scope) -> list[ColumnElement[bool]]:
    if scope.organisations is None:
        return []
    mine = event.c.organisation_id.in_(sorted(scope.organisations))
    if scope.sites is None:
        return [mine]
    there = event.c.station_id.in_(select(station.c.id).where(station.c.site_id.in_(sorted(scope.sites))))
    return [mine, or_(event.c.organisation_id.in_(sorted(scope.whole)), there)]


def out_of(row: Row[Any]) -> JudgementOut:
    """A verdict."""
    data = row.data
    return JudgementOut(
        id=row.id,
        at=row.at,
        organisation_id=row.organisation_id,
        station_id=row.station_id,
        station=row.station,
        token=data["token"],
        kind=data["kind"],
        token_id=data["tokenId"],
        asked=data["asked"],
        evse_id=data["evseId"],
        verdict=data["verdict"],
        reason=data["reason"],
        group=data["group"],
        moment=data["moment"],
        transactions=data["transactions"],
        evse_ids=data["evseIds"],
    )
