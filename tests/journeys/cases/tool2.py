"""States that scripts of 2.0.1 (and 2.1, whose cases they are as well) begin in."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from forecourt.charging.tokens import Token
from forecourt.csms.stations.model import Station
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import BASIC, Proof, Tool, connected, hand_out, shown
from tests.journeys.driver import REGISTER
from tests.journeys.site import BOTH_2, Site

in_both_versions = pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)

Json = dict[str, Any]

BEGIN: Final = "Transaction.Begin"
END: Final = "Transaction.End"
PERIODIC: Final = "Sample.Periodic"
CLOCK: Final = "Sample.Clock"


class Tool2:
    """A station with two EVSEs of one connector each; scripts use the first."""

    def __init__(self, tool: Tool, card: Token) -> None:
        self.tool = tool
        self.card = card
        self.session = Session(self, 1, card)
        self._event_ids = itertools.count(1)

    async def booted(self, reason: str = "PowerUp") -> None:
        """State Booted."""
        station = {"vendor_name": "Acme", "model": "Wallbox"}
        answer = await self.tool.say("BootNotification", reason=reason, charging_station=station)
        assert answer.status == "Accepted"
        await self.all_connectors("Available")

    async def all_connectors(self, word: str) -> None:
        """Tell the state of every connector, in both ways there are."""
        for evse_id in (1, 2):
            await self.status(word, evse_id)

    async def status(self, word: str, evse_id: int = 1) -> None:
        """Tell the state of a connector, in both ways there are, and see it on record after each."""
        at = self.tool.now()
        await self.tool.say("StatusNotification", timestamp=at, connector_status=word, evse_id=evse_id, connector_id=1)
        assert (evse_id, 1, word) in await self.tool.connectors()
        place = {"name": "Connector", "evse": {"id": evse_id, "connector_id": 1}}
        await self.notify(place, "AvailabilityState", word)
        assert (evse_id, 1, word) in await self.tool.connectors()

    async def notify(self, component: Json, variable: str, value: str, trigger: str = "Delta") -> None:
        """A NotifyEvent of one value."""
        at = self.tool.now()
        event = {
            "event_id": next(self._event_ids),
            "timestamp": at,
            "trigger": trigger,
            "actual_value": value,
            "event_notification_type": "HardWiredNotification",
            "component": component,
            "variable": {"name": variable},
        }
        await self.tool.say("NotifyEvent", generated_at=at, seq_no=0, event_data=[event])

    async def authorize(self, token: Token) -> Json:
        """An Authorize; returns what is said of the token."""
        answer = await self.tool.say("Authorize", id_token=shown(token))
        info: Json = answer.id_token_info
        return info


class Session:
    """What goes on at one EVSE: a transaction, in the states of the scripts."""

    def __init__(self, station: Tool2, evse_id: int, card: Token) -> None:
        self.station = station
        self.evse_id = evse_id
        self.card = card
        self.id = f"{station.tool.known.wire_id}-{evse_id}-1"
        self.is_open = False
        self.is_connected = False
        self.is_authorized = False
        self.is_post = False
        self.answer: Any = None
        """The newest answer to a TransactionEvent."""
        self._seq_nos = itertools.count()

    def another(self) -> Session:
        """The next transaction here; its sequence numbers begin at 0 again."""
        following = Session(self.station, self.evse_id, self.card)
        name, _, number = self.id.rpartition("-")
        following.id = f"{name}-{int(number) + 1}"
        return following

    async def event(
        self,
        trigger: str,
        *,
        kind: str | None = None,
        state: str | None = None,
        stopped: str | None = None,
        token: Token | None = None,
        meter: Sequence[Json] = (),
        evse: bool = True,
        remote_start_id: int | None = None,
        custom: Json | None = None,
        offline: bool = False,
        skip: int = 0,
        seq_no: int | None = None,
        limit: Json | None = None,
    ) -> Json | None:
        """A TransactionEvent: Started or Updated as it comes, Ended if `kind` says so. Returns what is said of the token.

        `skip` leaves out so many sequence numbers; `seq_no` is one of them.
        """
        said = {
            "charging_state": state,
            "stopped_reason": stopped,
            "remote_start_id": remote_start_id,
            "transaction_limit": limit,
        }
        info: Json = {name: value for name, value in said.items() if value is not None}
        more: Json = {"offline": True} if offline else {}
        for _ in range(skip):
            next(self._seq_nos)
        if token is not None:
            more["id_token"] = shown(token)
        if meter:
            more["meter_value"] = list(meter)
        if evse:
            more["evse"] = {"id": self.evse_id, "connector_id": 1}
        if custom is not None:
            more["custom_data"] = info["custom_data"] = custom
        answer = await self.station.tool.say(
            "TransactionEvent",
            event_type=kind or ("Updated" if self.is_open else "Started"),
            timestamp=self.station.tool.now(),
            trigger_reason=trigger,
            seq_no=next(self._seq_nos) if seq_no is None else seq_no,
            transaction_info={"transaction_id": self.id, **info},
            **more,
        )
        self.is_open = kind != "Ended"
        self.answer = answer
        judged: Json | None = answer.id_token_info
        # Wherever there was a token the answer says what it is worth, and nowhere else.
        assert (judged is None) is (token is None)
        return judged

    def follow(self, station: Tool2) -> None:
        """The station has connected again; the transaction goes on."""
        self.station, station.session = station, self

    async def accepted(self, trigger: str, **more: Any) -> Json:
        """A TransactionEvent with a token that must be accepted."""
        judged = await self.event(trigger, **{"token": self.card, **more})
        assert judged is not None
        assert judged["status"] == "Accepted"
        return judged

    async def ev_connected(self, meter: Sequence[Json] = ()) -> None:
        """State EVConnectedPreSession."""
        await self.station.status("Occupied", self.evse_id)
        await self.event("CablePluggedIn", state="EVConnected", meter=meter)
        self.is_connected = True

    async def authorized(self) -> None:
        """State Authorized."""
        assert (await self.station.authorize(self.card))["status"] == "Accepted"
        await self.accepted("Authorized", evse=self.is_open)
        self.is_authorized = True

    async def energy_transfer(self, meter: Sequence[Json] = ()) -> None:
        """State EnergyTransferStarted."""
        if not self.is_authorized:
            await self.authorized()
        if not self.is_connected:
            await self.ev_connected(meter)
        await self.event("ChargingStateChanged", state="Charging")
        assert (await self.record())["charging_state"] == "Charging"

    async def suspended(self) -> None:
        """State EnergyTransferSuspended."""
        await self.energy_transfer()
        await self.event("ChargingStateChanged", state="SuspendedEV")

    async def stop_authorized(self) -> None:
        """State StopAuthorized."""
        if not self.is_connected:
            await self.energy_transfer()
        await self.accepted("StopAuthorized")

    async def ev_connected_post(self) -> None:
        """State EVConnectedPostSession."""
        await self.stop_authorized()
        await self.event("ChargingStateChanged", state="EVConnected")
        self.is_post = True

    async def ev_disconnected(self, meter: Sequence[Json] = (), kind: str = "Ended") -> None:
        """State EVDisconnected. The transaction ends with it, unless it is to end later."""
        if not self.is_post:
            await self.ev_connected_post()
        await self.station.status("Available", self.evse_id)
        stopped = "EVDisconnected" if kind == "Ended" else None
        await self.event("EVCommunicationLost", kind=kind, state="Idle", stopped=stopped, meter=meter)

    async def record(self) -> Json:
        """What is on record of this transaction."""
        site = self.station.tool.site
        columns = "verdict", "charging_state", "ended_by", "stop_reason", "evse_id", "remote_start_id", "missing"
        found = await site.rows(
            f"SELECT {', '.join(columns)} FROM transaction WHERE station_id = :key AND wire_id = :name",
            key=self.station.tool.known.key,
            name=self.id,
        )
        (row,) = found
        return dict(zip(columns, row, strict=True))

    async def ended(self, reason: str, verdict: str = "Accepted") -> None:
        """It is over on record, as the station said, and nothing of it is missing."""
        record = await self.record()
        assert (record["ended_by"], record["stop_reason"], record["verdict"]) == ("station", reason, verdict)
        assert record["missing"] == []

    async def goes_on(self, state: str, verdict: str = "Accepted") -> None:
        """It is on record, and not over."""
        record = await self.record()
        assert (record["ended_by"], record["charging_state"], record["verdict"]) == ("", state, verdict)


def sample(at: str, context: str, value: float = 1000, signed: Json | None = None) -> Json:
    """A meter value of the energy register. `signed` is what the meter signed."""
    one: Json = {"value": value, "measurand": REGISTER, "context": context, "unit_of_measure": {"unit": "Wh"}}
    if signed is not None:
        one["signed_meter_value"] = signed
    return {"timestamp": at, "sampled_value": [one]}


@asynccontextmanager
async def station2(
    site: Site,
    version: Version,
    *,
    known: Station | None = None,
    proof: Proof = BASIC,
    card: Token | None = None,
    **answers: Mapping[str, Any],
) -> AsyncGenerator[Tool2, None]:
    """A station of 2.x, connected; `answers` by action."""
    card = card or await hand_out(site)
    async with connected(site, version, answers, known=known, proof=proof) as tool:
        yield Tool2(tool, card)
