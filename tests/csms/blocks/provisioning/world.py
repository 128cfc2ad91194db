"""Who is there in these tests: an organisation, its station, and that station's end of the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from sqlalchemy import insert, select, text, update

from forecourt.clock import SYSTEM
from forecourt.csms.blocks.provisioning import v2 as block_v2
from forecourt.csms.blocks.provisioning import v16 as block_v16
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.gateway.dispatch import Dispatch, Given, Heard
from forecourt.csms.organisations.store import organisation
from forecourt.csms.stations.commands import Command, Outcome
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import (
    Credentials,
    OrganisationKey,
    Registration,
    SecurityProfile,
    Station,
    StationKey,
)
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.schema import event
from forecourt.csms.store.work import Store
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write
from forecourt.transport.tasks import Tasks

VERSIONS = (V16, V201, V21)
BOTH_2 = (V201, V21)
US = OrganisationKey(1)
MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)

AnswerT = TypeVar("AnswerT", bound=Message)
Json = dict[str, Any]
Answer = Json | Exception | Callable[[Json], Json]


async def populate(store: Store, registration: Registration = Registration.ACCEPTED) -> None:
    """One organisation and its station CS1."""
    async with store.database.engine.begin() as connection:
        await connection.execute(
            insert(organisation).values(
                id=US, name="us", roles=["cpo"], country_code="NL", party_id="ABC", created_at=MADE_AT
            )
        )
        await connection.execute(
            insert(station_table).values(
                id=1,
                wire_id="CS1",
                organisation_id=US,
                registration=registration.value,
                security_profile=1,
                password_hmac=b"old",
                connected=True,
                created_at=MADE_AT,
            )
        )


def station_of(registration: Registration = Registration.ACCEPTED) -> Station:
    """The station that `populate` made."""
    credentials = Credentials(SecurityProfile.BASIC, (b"old",))
    return Station(StationKey(1), "CS1", US, registration=registration, credentials=credentials)


@dataclass
class Wire:
    """The station's end. `answers` says what it answers to an action; otherwise it accepts. `told` is what it was sent."""

    version: Version
    answers: dict[str, Answer] = field(default_factory=dict)
    told: list[tuple[str, Json]] = field(default_factory=list)
    closed: list[tuple[int, str]] = field(default_factory=list)

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        name = type(message).__name__
        payload = json.loads(write(self.version, message))
        self.told.append((name, payload))
        answer = self.answers.get(name, {"status": "Accepted"})
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(payload)
        response = self.version.actions[name].response
        assert response is not None
        # By way of bytes, so that what the station says is what we read.
        return cast(AnswerT, read(self.version, response, json.dumps(answer).encode()).message)

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))

    def actions(self) -> list[str]:
        return [name for name, _ in self.told]

    def payloads(self, action: str) -> list[Json]:
        return [payload for name, payload in self.told if name == action]


@dataclass
class World:
    """A station that is connected, with all that this block needs."""

    store: Store
    block: Provisioning
    link: Link
    wire: Wire
    stations: Stations

    @property
    def station(self) -> Station:
        return self.link.station

    def registration(self) -> Registration:
        """What the station is now."""
        return self.station.registration

    async def hear(self, action: str, request: Mapping[str, Any], *, settle: bool = True) -> Json:
        """Let the station send a request, as bytes; its answer's payload. What follows the answer is done as well."""
        given = await self.give(action, request)
        assert isinstance(given.answer, Message), given.answer
        if settle and given.work is not None:
            for function in given.work.afterwards:
                await function()
        answer: Json = json.loads(write(self.link.dialect.version, given.answer))
        return answer

    async def refused(self, action: str, request: Mapping[str, Any]) -> str:
        """The code of the error a request is answered with."""
        given = await self.give(action, request)
        assert isinstance(given.answer, ProtocolError), given.answer
        return str(given.answer.code)

    async def give(self, action: str, request: Mapping[str, Any]) -> Given:
        """Let the station send a request, and return what the gateway would go by."""
        version = self.link.dialect.version
        payload = json.dumps(request).encode()
        message = read(version, version.actions[action].request, payload).message
        return await Dispatch(self.store, self.store.clock).answer(self.link, Heard("1", action, message, payload))

    async def say(self, command: Command) -> Outcome:
        """Give the station a command, in the words of its version."""
        return await self.link.dialect.says[type(command)].say(self.link, command)

    async def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        async with self.store.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question))]

    async def until(self, question: str, expected: list[tuple[Any, ...]]) -> None:
        """Wait until a query gives what is expected."""
        async with self.store.clock.timeout(10):
            while await self.rows(question) != expected:
                await self.store.clock.sleep(0)

    async def events(self, kind: str) -> list[Json]:
        """The data of all events of one kind, in order."""
        async with self.store.database.engine.connect() as connection:
            found = await connection.execute(
                select(event.c.data).where(event.c.kind == kind).order_by(event.c.xid, event.c.id)
            )
            return list(found.scalars())

    async def values(self) -> dict[str, str | None]:
        """The values on record, by path."""
        found = await self.rows("SELECT path, value FROM variable WHERE attribute = 'Actual' ORDER BY path")
        return {row[0]: row[1] for row in found}

    async def change(self, **values: Any) -> None:
        """Change the station's row."""
        async with self.store.database.engine.begin() as connection:
            await connection.execute(update(station_table).where(station_table.c.id == 1).values(**values))

    def sending(self, tasks: Tasks) -> Sending:
        """The command path, to this station only."""
        return Sending(self.store, self.stations, [self.link.dialect], SYSTEM, tasks)


async def world_of(
    store: Store, version: Version, registration: Registration = Registration.ACCEPTED, station: Station | None = None
) -> World:
    """A world in which CS1 speaks `version`."""
    await populate(store, registration)
    return reborn(store, version, station or station_of(registration))


def reborn(store: Store, version: Version, station: Station) -> World:
    """The same database seen by a process that has just started."""
    block = Provisioning(store=store, heartbeat_interval_s=300, pending_interval_s=60, rejected_interval_s=900)
    dialects = block_v16 if version is V16 else block_v2
    dialect = Dialect(version, dialects.hears(block), dialects.says(block))
    wire = Wire(version)
    link = Link(station, dialect, wire, 1)
    stations = Stations()
    stations.add(station)
    stations.enter(link)
    return World(store, block, link, wire, stations)


def boot_of(version: Version, **more: str) -> Json:
    """A BootNotification of that version."""
    if version is V16:
        return {"chargePointVendor": "Vendor", "chargePointModel": "Model", **more}
    return {"chargingStation": {"vendorName": "Vendor", "model": "Model", **more}, "reason": "PowerUp"}


def result(component: str, variable: str, value: str | None = None, status: str = "Accepted", **more: Any) -> Json:
    """One element of a GetVariables or SetVariables answer of 2.x."""
    shown = {} if value is None else {"attributeValue": value}
    return {
        "component": {"name": component},
        "variable": {"name": variable},
        "attributeStatus": status,
        **shown,
        **more,
    }


def echo(values: Mapping[str, str], status: str = "Accepted") -> Callable[[Json], Json]:
    """Answers GetVariables with values by variable name, UnknownVariable for others; SetVariables with `status`."""

    def answer(request: Json) -> Json:
        if "setVariableData" in request:
            results = [
                {"component": one["component"], "variable": one["variable"], "attributeStatus": status}
                for one in request["setVariableData"]
            ]
            return {"setVariableResult": results}
        found = []
        for one in request["getVariableData"]:
            name = one["variable"]["name"]
            known = (
                {"attributeStatus": "Accepted", "attributeValue": values[name]}
                if name in values
                else {"attributeStatus": "UnknownVariable"}
            )
            found.append({"component": one["component"], "variable": one["variable"], **known})
        return {"getVariableResult": found}

    return answer


def configuration(settings: Mapping[str, str], *, readonly: tuple[str, ...] = ()) -> Callable[[Json], Json]:
    """Answers GetConfiguration of 1.6 with these keys."""

    def answer(request: Json) -> Json:
        asked = request.get("key") or list(settings)
        known = {key.lower(): key for key in settings}
        return {
            "configurationKey": [
                {
                    "key": known[key.lower()],
                    "readonly": known[key.lower()] in readonly,
                    "value": settings[known[key.lower()]],
                }
                for key in asked
                if key.lower() in known
            ],
            "unknownKey": [key for key in asked if key.lower() not in known],
        }

    return answer
