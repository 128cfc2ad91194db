"""Stations of these tests in a real database, and their end of the wire: bytes in, bytes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import insert, select, text

from forecourt.charging.topology import Topology
from forecourt.clock import SystemClock
from forecourt.csms.gateway.dispatch import Dispatch, Given, Heard
from forecourt.csms.organisations.store import organisation
from forecourt.csms.stations.commands import Command, Outcome
from forecourt.csms.stations.dialects import Dialect, Hears, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import OrganisationKey, Registration, Station, StationKey
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.schema import event
from forecourt.csms.store.work import Store
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
US = OrganisationKey(1)
VERSIONS = [V16, V201, V21]
BOTH_2 = [V201, V21]

AnswerT = TypeVar("AnswerT", bound=Message)
Json = dict[str, Any]


async def populate(store: Store) -> None:
    """An organisation with two stations."""
    async with store.database.engine.begin() as connection:
        names = {"name": "we", "country_code": "NL", "party_id": "ABC"}
        await connection.execute(insert(organisation).values(id=US, roles=["cpo", "emsp"], created_at=NOW, **names))
        for key in (1, 2):
            await connection.execute(
                insert(station_table).values(
                    id=key,
                    wire_id=f"CS{key}",
                    organisation_id=US,
                    registration="Accepted",
                    security_profile=0,
                    created_at=NOW,
                )
            )


def station_of(key: int = 1, topology: Topology | None = None, vendor: str = "", model: str = "") -> Station:
    """One of the stations that `populate` made."""
    return Station(
        StationKey(key),
        f"CS{key}",
        US,
        registration=Registration.ACCEPTED,
        topology=topology,
        vendor=vendor,
        model=model,
    )


@dataclass
class Wire:
    """The station's end. `answers` gives what it answers to an action: a payload, an exception to raise, or a function of both.

    To what is not there it agrees.
    """

    version: Version
    told: list[tuple[str, Json]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        name = type(message).__name__
        request: Json = json.loads(write(self.version, message))
        self.told.append((name, request))
        agrees = {"status": "Unlocked" if name == "UnlockConnector" else "Accepted"}
        answer = self.answers.get(name, agrees)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        response = self.version.actions[name].response
        assert response is not None
        # By way of bytes, so that what the station says is what we read.
        return cast(AnswerT, read(self.version, response, json.dumps(answer).encode()).message)

    def close(self, code: int, reason: str) -> None:
        """Nothing to close."""


def link_of(version: Version, hears: Hears, says: Says, station: Station | None = None) -> tuple[Link, Wire]:
    """A connected station, and its end of the wire."""
    wire = Wire(version)
    return Link(station or station_of(), Dialect(version, hears, says), wire, 1), wire


async def say(link: Link, command: Command) -> Outcome:
    """Say a command as the gateway would."""
    return await link.dialect.says[type(command)].say(link, command)


async def give(
    store: Store, link: Link, action: str, request: Mapping[str, Any], *, reading: Reading = Reading.STRICT
) -> Given:
    """Let the station send a request, as bytes; do what is to be done after the answer; return what it was given."""
    version = link.dialect.version
    payload = json.dumps(request).encode()
    found = read(version, version.actions[action].request, payload, reading)
    given = await Dispatch(store, store.clock).answer(
        link, Heard("1", action, found.message, payload, found.deviations)
    )
    if given.work is not None:
        for function in given.work.afterwards:
            await function()
    return given


async def hear(
    store: Store, link: Link, action: str, request: Mapping[str, Any], *, reading: Reading = Reading.STRICT
) -> Json:
    """The same, and the payload of the answer."""
    given = await give(store, link, action, request, reading=reading)
    assert not isinstance(given.answer, ProtocolError), given.answer
    answer: Json = json.loads(write(link.dialect.version, given.answer))
    return answer


async def happened(store: Store, kind: str) -> list[Json]:
    """The data of all events of one kind, in order."""
    async with store.database.engine.connect() as connection:
        found = await connection.execute(
            select(event.c.data).where(event.c.kind == kind).order_by(event.c.xid, event.c.id)
        )
        return list(found.scalars())


async def rows(store: Store, question: str) -> list[tuple[Any, ...]]:
    """What a query gives."""
    async with store.database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(question))]


class Shifted(SystemClock):
    """The machine's clock, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


def words(instant: datetime) -> str:
    """An instant as stations write it."""
    return instant.isoformat().replace("+00:00", "Z")


def in_turn(answers: Iterable[Any]) -> Callable[[Json], Any]:
    """Answer one after the other."""
    following = iter(answers)
    return lambda request: next(following)
