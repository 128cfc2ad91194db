"""Who and what is there in these tests: organisations, stations, tokens, and a station's end of the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import insert, select, text

from forecourt.charging.judging import OpenTransaction
from forecourt.charging.local_authorization import Entry, LocalList, TokenInfo, UpdateStatus
from forecourt.charging.tokens import Token, Verdict
from forecourt.csms.blocks.authorization import v2 as block_v2
from forecourt.csms.blocks.authorization import v16 as block_v16
from forecourt.csms.blocks.authorization.list_model import Room
from forecourt.csms.blocks.authorization.lists import Lists
from forecourt.csms.blocks.authorization.model import OpenTransactions
from forecourt.csms.gateway.dispatch import Dispatch, Given, Heard
from forecourt.csms.organisations.store import organisation
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import OrganisationKey, Registration, Station, StationKey
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.schema import event
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
US, PROVIDER, OPERATOR = OrganisationKey(1), OrganisationKey(2), OrganisationKey(3)

WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
"""Asks whether somebody waits for somebody else's transaction."""

AnswerT = TypeVar("AnswerT", bound=Message)
Json = dict[str, Any]


async def populate(store: Store) -> None:
    """Three organisations: us with both roles, another provider and another operator; and a station of each operator."""
    roles = {US: ["cpo", "emsp"], PROVIDER: ["emsp"], OPERATOR: ["cpo"]}
    async with store.database.engine.begin() as connection:
        for owner, words in roles.items():
            names = {"name": f"organisation {owner}", "country_code": "NL", "party_id": f"AB{owner}"}
            await connection.execute(insert(organisation).values(id=owner, roles=words, created_at=NOW, **names))
        for key, operator in ((1, US), (2, US), (3, OPERATOR)):
            await connection.execute(
                insert(station_table).values(
                    id=key,
                    wire_id=f"CS{key}",
                    organisation_id=operator,
                    registration="Accepted",
                    security_profile=0,
                    connected=True,
                    booted_at=NOW,
                    created_at=NOW,
                )
            )


def station_of(key: int = 1, operator: OrganisationKey = US) -> Station:
    """One of the stations that `populate` made."""
    return Station(StationKey(key), f"CS{key}", operator, registration=Registration.ACCEPTED)


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


async def ask_nobody(work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
    """No transaction is open anywhere."""
    return ()


def open_now(*transactions: OpenTransaction) -> OpenTransactions:
    """These transactions are open."""

    async def asked(work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
        return transactions

    return asked


@dataclass
class Wire:
    """The station's end: keeps a local list as the specification says, and what it was told, as JSON.

    `answers` overrides what it answers to an action: an answer, an exception to raise, or a function of the request.
    """

    version: Version
    kept: LocalList = field(default_factory=LocalList)
    told: list[tuple[str, Json]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        name = type(message).__name__
        payload = write(self.version, message)
        self.told.append((name, json.loads(payload)))
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(message)
        if answer is None:
            answer = self._answer(json.loads(payload), name)
        response = self.version.actions[name].response
        assert response is not None
        # By way of bytes, so that what the station says is what we read.
        return cast(AnswerT, read(self.version, response, json.dumps(answer).encode()).message)

    def close(self, code: int, reason: str) -> None:
        """Nothing to close."""

    def actions(self) -> list[str]:
        return [name for name, _ in self.told]

    def _answer(self, request: Json, name: str) -> Json:
        number = "listVersion" if self.version is V16 else "versionNumber"
        if name == "GetLocalListVersion":
            return {number: self.kept.version}
        if name == "SendLocalList":
            entries = [entry_of(data) for data in request.get("localAuthorizationList", [])]
            change = self.kept.replaced if request["updateType"] == "Full" else self.kept.changed
            self.kept, status = change(request[number], entries)
            return {"status": status.value}
        return {"status": "Accepted"}


def entry_of(data: Json) -> Entry:
    """An element of a SendLocalList of either dialect."""
    if "idTag" in data:
        name, info = Token(data["idTag"]), data.get("idTagInfo")
        group = info and info.get("parentIdTag")
    else:
        name, info = Token(data["idToken"]["idToken"], data["idToken"]["type"]), data.get("idTokenInfo")
        group = info and info.get("groupIdToken", {}).get("idToken")
    return Entry(name, info and TokenInfo(verdict=Verdict(info["status"]), group=Token(group) if group else None))


def always(status: UpdateStatus | str) -> Callable[[Any], Json]:
    """Answer every request with that status."""
    return lambda request: {"status": str(status)}


def link_of(
    version: Version,
    store: Store,
    *,
    station: Station | None = None,
    open_transactions: OpenTransactions = ask_nobody,
    room: Room | None = None,
) -> tuple[Link, Wire]:
    """A connected station that speaks `version`, and its end of the wire."""

    async def room_of(work: Work, station: Station) -> Room:
        return room or Room()

    kept = Lists(store, room_of)
    if version is V16:
        dialect = Dialect(version, block_v16.HEARS, block_v16.says(kept))
    else:
        dialect = Dialect(version, block_v2.hears(open_transactions), block_v2.says(kept))
    wire = Wire(version)
    return Link(station or station_of(), dialect, wire, 1), wire


async def hear(store: Store, link: Link, action: str, request: Mapping[str, Any]) -> Json:
    """Let the station send a request, as bytes, and return the payload of the answer it gets."""
    given = await give(store, link, action, request)
    assert isinstance(given.answer, Message), given.answer
    answer: Json = json.loads(write(link.dialect.version, given.answer))
    return answer


async def give(store: Store, link: Link, action: str, request: Mapping[str, Any]) -> Given:
    """Let the station send a request, as bytes, and return what it is given."""
    version = link.dialect.version
    payload = json.dumps(request).encode()
    message = read(version, version.actions[action].request, payload).message
    return await Dispatch(store, store.clock).answer(link, Heard("1", action, message, payload))


VERSIONS = [V16, V201, V21]
BOTH_2 = [V201, V21]
