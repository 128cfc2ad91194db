"""Who and what is there in these tests: organisations, a station that speaks any version, tokens, and our end of it all.

A station's words go in as bytes through the gateway's dispatch and come out as bytes, against a real database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import insert, select, text

from forecourt.charging.limits import Limits, Reporting
from forecourt.charging.quantities import Money
from forecourt.charging.tokens import Token
from forecourt.clock import VirtualClock
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization import v2 as authorization_v2
from forecourt.csms.blocks.authorization import v16 as authorization_v16
from forecourt.csms.blocks.authorization.model import Judged, KnownToken, TokenData
from forecourt.csms.blocks.metering import v2 as metering_v2
from forecourt.csms.blocks.metering import v16 as metering_v16
from forecourt.csms.blocks.metering.model import place_of_number
from forecourt.csms.blocks.transactions import actions
from forecourt.csms.blocks.transactions import v2 as transactions_v2
from forecourt.csms.blocks.transactions import v16 as transactions_v16
from forecourt.csms.blocks.transactions.actions import Transactions, Watch
from forecourt.csms.blocks.transactions.model import Ability, FirstLimits, Reference, Told
from forecourt.csms.blocks.transactions.records import open_of
from forecourt.csms.gateway.dispatch import Dispatch, Given, Heard, note_deviation
from forecourt.csms.organisations.store import organisation
from forecourt.csms.stations.dialects import Dialect, Handler, Later
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import OrganisationKey, Registration, Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.gathered import Gathered
from forecourt.csms.store.schema import event
from forecourt.csms.store.work import Store, Work
from forecourt.ocpp import v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.ocpp.writing import write
from forecourt.transport.tasks import Tasks

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
US, PROVIDER = OrganisationKey(1), OrganisationKey(2)
VERSIONS = [V16, V201, V21]
BOTH_2 = [V201, V21]
CARD, FRIEND, STRANGER = "04A1B2C3", "04D4E5F6", "FFFFFFFF"
GROUP = "FAMILY"
EUR = "EUR"

AnswerT = TypeVar("AnswerT", bound=Message)
Json = dict[str, Any]

_STATES = {"Charging": "Charging", "SuspendedEV": "SuspendedEV", "SuspendedEVSE": "SuspendedEVSE"}


def at(seconds: float) -> str:
    """A moment of the session, as stations write it."""
    return (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


class Wire:
    """The station's end: what it is asked, as JSON, and what it answers."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.asked: list[tuple[str, Json]] = []
        self.answers: dict[str, Json] = {}

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        name = type(message).__name__
        self.asked.append((name, json.loads(write(self.version, message))))
        response = self.version.actions[name].response
        assert response is not None
        answer = read(self.version, response, json.dumps(self.answers[name]).encode()).message
        return answer  # type: ignore[return-value]

    def close(self, code: int, reason: str) -> None:
        """Nothing to close."""


class World:
    """Our end: everything these blocks are given, and what came of it."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        self.store = store
        self.clock = clock
        self.stations = Stations()
        self.tasks = Tasks()
        self.stopped: list[tuple[str, Reference]] = []
        self.stop_errors: list[Exception] = []
        self.ability = Ability(Reporting())
        self.first: Limits | None = None
        self.first_limits: FirstLimits = self._first
        self.station = Station(StationKey(1), "CS1", US, registration=Registration.ACCEPTED)
        self.stations.add(self.station)
        self.watch = Watch(store, self.stations, clock, self.tasks, self._stop)
        self.open_ones = Gathered(store, self.tasks, open_of)
        self.block = self.transactions()

    def transactions(self, price: str | None = None) -> Transactions:
        """The block, with a price per kWh."""
        return Transactions(
            watch=self.watch,
            open_ones=self.open_ones,
            deviate=note_deviation,
            abilities=self._abilities,
            first_limits=self.first_limits,
            price_per_kwh=None if price is None else Money(Decimal(price), EUR),
            currency=EUR,
        )

    async def _stop(self, station: Station, reference: Reference) -> None:
        self.stopped.append((station.wire_id, reference))
        if self.stop_errors:
            raise self.stop_errors.pop(0)

    async def _abilities(self, work: Work, station: Station) -> Ability:
        return self.ability

    async def _first(self, work: Work, station: Station, told: Told, judged: Judged | None) -> Limits | None:
        return self.first

    async def populate(self) -> None:
        """Two organisations, a station, and tokens: a card and a friend's in one group."""
        async with self.store.database.engine.begin() as connection:
            for owner, roles in ((US, ["cpo", "emsp"]), (PROVIDER, ["emsp"])):
                names = {"name": f"organisation {owner}", "country_code": "NL", "party_id": f"AB{owner}"}
                await connection.execute(insert(organisation).values(id=owner, roles=roles, created_at=NOW, **names))
            await connection.execute(
                insert(station_table).values(
                    id=1,
                    wire_id="CS1",
                    organisation_id=US,
                    registration="Accepted",
                    security_profile=0,
                    connected=True,
                    created_at=NOW,
                )
            )
        await self.add_token(CARD, group=GROUP)
        await self.add_token(FRIEND, group=GROUP)

    async def add_token(self, value: str, **fields: Any) -> KnownToken:
        async with self.store.work() as work:
            return await tokens.add(work, US, TokenData(token=Token(value, "ISO14443"), **fields))

    async def block_token(self, known: KnownToken) -> None:
        async with self.store.work() as work:
            await tokens.block(work, known.key, "lost")

    def link(self, version: Version, epoch: int = 1) -> Link:
        """The station, connected and speaking `version`."""
        return Link(self.station, self._dialect(version), Wire(version), epoch)

    def _dialect(self, version: Version) -> Dialect:
        own = partial(actions.own, self.block)
        hears: dict[type[Message], Handler | Later] = {}
        if version is V16:
            words = transactions_v16.Words(authorization_v16.info_of, metering_v16.metered_of)
            hears |= metering_v16.hears(own)
            hears |= transactions_v16.hears(self.block, words)
            hears[v16.StatusNotification] = self._on_status
            return Dialect(version, hears, transactions_v16.SAYS)
        words_v2 = transactions_v2.Words(authorization_v2.info_of, metering_v2.metered_of)
        hears |= metering_v2.hears(own)
        hears |= transactions_v2.hears(self.block, words_v2)
        return Dialect(version, hears, transactions_v2.SAYS)

    async def _on_status(self, link: Link, work: Work, call: v16.StatusNotification) -> v16.StatusNotificationResponse:
        """What the block of availability will do."""
        state = _STATES.get(call.status, "")
        assert isinstance(call.timestamp, datetime)
        place = place_of_number(link.station, call.connector_id)
        await actions.state_told(self.block, link, work, place, state, call.timestamp)
        return v16.StatusNotificationResponse()

    async def give(
        self, link: Link, action: str, request: Mapping[str, Any], reading: Reading = Reading.STRICT
    ) -> Given:
        """Let the station send a request, as bytes; what is to be done after the answer is done."""
        version = link.dialect.version
        payload = json.dumps(request).encode()
        found = read(version, version.actions[action].request, payload, reading)
        given = await Dispatch(self.store, self.clock).answer(
            link, Heard("1", action, found.message, payload, found.deviations)
        )
        if given.work is not None:
            for function in given.work.afterwards:
                await function()
        return given

    async def say(self, link: Link, action: str, request: Mapping[str, Any]) -> Json:
        """Let the station send a request; returns the payload of the answer."""
        given = await self.give(link, action, request)
        assert isinstance(given.answer, Message), given.answer
        answer: Json = json.loads(write(link.dialect.version, given.answer))
        return answer

    async def rows(self, question: str) -> list[tuple[Any, ...]]:
        async with self.store.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question))]

    async def records(self) -> list[Json]:
        """All transactions, as they are on record."""
        async with self.store.database.engine.connect() as connection:
            found = await connection.execute(text("SELECT * FROM transaction ORDER BY id"))
            return [dict(row._mapping) for row in found]

    async def record(self) -> Json:
        (one,) = await self.records()
        return one

    async def happened(self, prefix: str = "Transaction") -> list[tuple[str, Json]]:
        """Events in order: their kind and what they say."""
        async with self.store.database.engine.connect() as connection:
            found = await connection.execute(
                select(event.c.kind, event.c.data)
                .where(event.c.kind.startswith(prefix, autoescape=True))
                .order_by(event.c.xid, event.c.id)
            )
            return [(kind, data) for kind, data in found]

    async def kinds(self, prefix: str = "Transaction") -> list[str]:
        return [kind for kind, _ in await self.happened(prefix)]

    async def deviations(self) -> list[tuple[str, str]]:
        return [
            (kind, value) for kind, value in await self.rows("SELECT kind, value FROM deviation ORDER BY received_at")
        ]


class Speaker:
    """A station telling a session, in the words of its version. `offset_s` moves its clock."""

    def __init__(self, world: World, link: Link, *, wire_id: str = "tx-1", evse_id: int = 1) -> None:
        self.world = world
        self.link = link
        self.wire_id = wire_id
        self.evse_id = evse_id
        self.number = 0
        self.seq_no = 0
        self.sent: list[tuple[str, Json]] = []

    @property
    def flat(self) -> bool:
        return self.link.dialect.version is V16

    async def say(self, action: str, request: Json) -> Json:
        self.sent.append((action, request))
        return await self.world.say(self.link, action, request)

    async def begin(self, seconds: float, wh: int, token: str | None = CARD, **more: Any) -> Json:
        if self.flat:
            request = {
                "connectorId": self.evse_id,
                "idTag": token,
                "meterStart": wh,
                "timestamp": at(seconds),
                **more,
            }
            answer = await self.say("StartTransaction", request)
            self.number = answer["transactionId"]
            return answer
        return await self.event(
            "Started",
            seconds,
            "Authorized",
            wh=wh,
            context="Transaction.Begin",
            token=token,
            state="EVConnected",
            **more,
        )

    async def state(self, seconds: float, state: str) -> Json:
        if self.flat:
            request = {"connectorId": self.evse_id, "errorCode": "NoError", "status": state, "timestamp": at(seconds)}
            return await self.say("StatusNotification", request)
        return await self.event("Updated", seconds, "ChargingStateChanged", state=state)

    async def meter(self, seconds: float, wh: int, **more: Any) -> Json:
        if self.flat:
            values = [{"timestamp": at(seconds), "sampledValue": [{"value": str(wh), **more}]}]
            request = {"connectorId": self.evse_id, "transactionId": self.number, "meterValue": values}
            return await self.say("MeterValues", request)
        return await self.event("Updated", seconds, "MeterValuePeriodic", wh=wh, **more)

    async def end(self, seconds: float, wh: int, token: str | None = CARD, reason: str = "Local", **more: Any) -> Json:
        if self.flat:
            request: Json = {"transactionId": self.number, "meterStop": wh, "timestamp": at(seconds), **more}
            request |= {"idTag": token} if token else {}
            request |= {"reason": reason} if reason != "Local" else {}
            return await self.say("StopTransaction", request)
        trigger = {"Local": "StopAuthorized", "Remote": "RemoteStop", "PowerLoss": "AbnormalCondition"}[reason]
        return await self.event(
            "Ended", seconds, trigger, wh=wh, context="Transaction.End", token=token, stopped=reason, **more
        )

    async def event(
        self,
        what: str,
        seconds: float,
        trigger: str,
        *,
        wh: float | None = None,
        context: str = "",
        token: str | None = None,
        state: str = "",
        stopped: str = "",
        info: Json | None = None,
        samples: Sequence[Json] = (),
        seq_no: int | None = None,
        evse: bool | None = None,
        **more: Any,
    ) -> Json:
        """A TransactionEvent. The number is the next one unless given."""
        return await self.say(
            "TransactionEvent",
            self.compose(
                what,
                seconds,
                trigger,
                wh=wh,
                context=context,
                token=token,
                state=state,
                stopped=stopped,
                info=info,
                samples=samples,
                seq_no=seq_no,
                evse=evse,
                **more,
            ),
        )

    def compose(
        self,
        what: str,
        seconds: float,
        trigger: str,
        *,
        wh: float | None = None,
        context: str = "",
        token: str | None = None,
        state: str = "",
        stopped: str = "",
        info: Json | None = None,
        samples: Sequence[Json] = (),
        seq_no: int | None = None,
        evse: bool | None = None,
        **more: Any,
    ) -> Json:
        """The payload of a TransactionEvent."""
        number = self.seq_no if seq_no is None else seq_no
        if seq_no is None:
            self.seq_no += 1
        transaction: Json = {"transactionId": self.wire_id, **(info or {})}
        transaction |= {"chargingState": state} if state else {}
        transaction |= {"stoppedReason": stopped} if stopped else {}
        request: Json = {
            "eventType": what,
            "timestamp": at(seconds),
            "triggerReason": trigger,
            "seqNo": number,
            "transactionInfo": transaction,
            **more,
        }
        if evse if evse is not None else what == "Started":
            request["evse"] = {"id": self.evse_id, "connectorId": 1}
        if token is not None:
            request["idToken"] = {"idToken": token, "type": "ISO14443"}
        sampled = [*samples]
        if wh is not None:
            sampled.append({"value": wh, **({"context": context} if context else {})})
        if sampled:
            request["meterValue"] = [{"timestamp": at(seconds), "sampledValue": sampled}]
        return request

    def lost(self) -> Speaker:
        """The same station with nothing left in our memory, as after a restart."""
        self.world.station._memory = None
        return self
