"""A station of the PyPI package `ocpp` that can be driven the same way in every version."""

from __future__ import annotations

import asyncio
import base64
import itertools
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import websockets
from websockets.asyncio.client import ClientConnection, connect

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16, Version
from tests.interop.foreign import MODULES, Heard, foreign_kind, running
from tests.journeys.site import LIMIT_S, PASSWORD

REGISTER: Final = "Energy.Active.Import.Register"
_NO_ANSWERS: Final[Mapping[str, Callable[[], Any]]] = {}


def instant(at: datetime) -> str:
    """A moment as stations write it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def basic(username: str, password: str) -> dict[str, str]:
    """The header that proves who somebody is."""
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


class Asked(Heard):
    """What a station was asked; a test can wait for the next question."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived: asyncio.Queue[str] = asyncio.Queue()

    def noting(self, action: str, answer: Callable[[], Any]) -> Callable[[], Any]:
        """`answer`, and a note that it was given."""

        def given() -> Any:
            self._arrived.put_nowait(action)
            return answer()

        return given

    async def next(self, action: str) -> dict[str, Any]:
        """Wait until the station was asked `action`; returns with what."""
        async with asyncio.timeout(LIMIT_S):
            while await self._arrived.get() != action:
                pass
        return next(arguments for name, arguments in reversed(self.calls) if name == action)


class Driver:
    """A station with one EVSE and one connector, told what to say."""

    def __init__(
        self, version: Version, peer: Any, connection: ClientConnection, asked: Asked, began: datetime
    ) -> None:
        self.version = version
        self.connection = connection
        self.asked = asked
        self.transaction: Any = "tx-1"
        self._calls = MODULES[version.name].call
        self._peer = peer
        self._began = began
        self._events = itertools.count(1)
        self._seq_nos = itertools.count()

    def moment(self, seconds: float) -> datetime:
        """A moment of the session."""
        return self._began + timedelta(seconds=seconds)

    def at(self, seconds: float) -> str:
        """A moment of the session, as stations write it."""
        return instant(self.moment(seconds))

    async def say(self, action: str, **fields: Any) -> Any:
        """Call the management system. Raises what the package has for error answers."""
        async with asyncio.timeout(LIMIT_S):
            return await self._peer.call(getattr(self._calls, action)(**fields), suppress=False)

    async def boot(self, reason: str = "PowerUp") -> Any:
        """Announce itself."""
        if self.version is V16:
            return await self.say("BootNotification", charge_point_vendor="Acme", charge_point_model="Wallbox")
        station = {"vendor_name": "Acme", "model": "Wallbox"}
        return await self.say("BootNotification", reason=reason, charging_station=station)

    async def connector(self, status_16: str, status_2: str, seconds: float = 0) -> None:
        """Tell the state of the connector, in 2.x both ways there are (the test tool allows either)."""
        if self.version is V16:
            await self.say(
                "StatusNotification",
                connector_id=1,
                error_code="NoError",
                status=status_16,
                timestamp=self.at(seconds),
            )
            return
        await self.say(
            "StatusNotification",
            timestamp=self.at(seconds),
            connector_status=status_2,
            evse_id=1,
            connector_id=1,
        )
        event = {
            "event_id": next(self._events),
            "timestamp": self.at(seconds),
            "trigger": "Delta",
            "actual_value": status_2,
            "event_notification_type": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": 1, "connector_id": 1}},
            "variable": {"name": "AvailabilityState"},
        }
        await self.say("NotifyEvent", generated_at=self.at(seconds), seq_no=0, event_data=[event])

    async def authorize(self, token: str) -> str:
        """Ask about a token; returns the verdict."""
        if self.version is V16:
            return str((await self.say("Authorize", id_tag=token)).id_tag_info["status"])
        answer = await self.say("Authorize", id_token={"id_token": token, "type": "ISO14443"})
        return str(answer.id_token_info["status"])

    async def start(self, token: str, wh: int, seconds: float = 0, **more: Any) -> str:
        """Begin a transaction with a token, the cable being plugged in, and charge; returns the verdict."""
        if self.version is V16:
            fields = {"connector_id": 1, "id_tag": token, "meter_start": wh, "timestamp": self.at(seconds)}
            answer = await self.say("StartTransaction", **fields)
            self.transaction = answer.transaction_id
            await self.connector("Charging", "Occupied", seconds)
            return str(answer.id_tag_info["status"])
        answer = await self.event(
            "Started", seconds, trigger="Authorized", token=token, state="EVConnected", wh=wh, **more
        )
        await self.event("Updated", seconds, trigger="ChargingStateChanged", state="Charging", **more)
        return str(answer.id_token_info["status"])

    async def meter(self, wh: int, seconds: float) -> None:
        """Tell the register while charging."""
        if self.version is not V16:
            await self.event("Updated", seconds, trigger="MeterValuePeriodic", wh=wh)
            return
        sample = {"value": str(wh), "measurand": REGISTER, "unit": "Wh", "context": "Sample.Periodic"}
        value = {"timestamp": self.at(seconds), "sampled_value": [sample]}
        await self.say("MeterValues", connector_id=1, transaction_id=self.transaction, meter_value=[value])

    async def stop(self, token: str | None, wh: int, seconds: float, **more: Any) -> Any:
        """End the transaction."""
        if self.version is not V16:
            reason = more.pop("reason", "Local")
            trigger = {"Remote": "RemoteStop"}.get(reason, "StopAuthorized")
            return await self.event(
                "Ended", seconds, trigger=trigger, token=token, wh=wh, stopped_reason=reason, **more
            )
        fields = {} if token is None else {"id_tag": token}
        return await self.say(
            "StopTransaction",
            transaction_id=self.transaction,
            meter_stop=wh,
            timestamp=self.at(seconds),
            reason=more.pop("reason", "Local"),
            **fields,
        )

    async def event(
        self,
        event_type: str,
        seconds: float,
        *,
        trigger: str,
        seq_no: int | None = None,
        token: str | None = None,
        state: str | None = None,
        wh: int | None = None,
        stopped_reason: str | None = None,
        remote_start_id: int | None = None,
        offline: bool = False,
    ) -> Any:
        """A TransactionEvent of 2.x, with the next sequence number if none is given."""
        context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}.get(event_type, "Sample.Periodic")
        sample = {"value": wh, "measurand": REGISTER, "context": context, "unit_of_measure": {"unit": "Wh"}}
        known = {"charging_state": state, "stopped_reason": stopped_reason, "remote_start_id": remote_start_id}
        fields: dict[str, Any] = {
            "event_type": event_type,
            "timestamp": self.at(seconds),
            "trigger_reason": trigger,
            "seq_no": next(self._seq_nos) if seq_no is None else seq_no,
            "offline": offline,
            "transaction_info": {
                "transaction_id": self.transaction,
                **{name: value for name, value in known.items() if value is not None},
            },
            "evse": {"id": 1, "connector_id": 1},
        }
        if token is not None:
            fields["id_token"] = {"id_token": token, "type": "ISO14443"}
        if wh is not None:
            fields["meter_value"] = [{"timestamp": self.at(seconds), "sampled_value": [sample]}]
        return await self.say("TransactionEvent", **fields)

    async def closed(self) -> int:
        """Wait until the management system ends the connection; returns the code."""
        async with asyncio.timeout(LIMIT_S):
            await self.connection.wait_closed()
        assert self.connection.close_code is not None
        return self.connection.close_code


def answer(version: Version, action: str, **fields: Any) -> Callable[[], Any]:
    """An answer of the package."""
    kind = getattr(MODULES[version.name].call_result, action)
    return lambda: kind(**fields)


def began() -> datetime:
    """When the sessions of a test begin: a short while ago, to the second."""
    return SYSTEM.now().replace(microsecond=0) - timedelta(seconds=200)


@asynccontextmanager
async def station(
    url: str,
    identity: str,
    version: Version,
    answers: Mapping[str, Callable[[], Any]] = _NO_ANSWERS,
    *,
    at: datetime | None = None,
    password: str | None = PASSWORD,
    tls: ssl.SSLContext | None = None,
) -> AsyncGenerator[Driver, None]:
    """A station, connected, with no settings to tell of. `at` is when its session begins."""
    asked = Asked()
    # What every station is asked once it is accepted; the package does not answer at all to what it cannot, in 2.1.
    usual = (
        answer(version, "GetConfiguration", configuration_key=[])
        if version is V16
        else answer(version, "GetBaseReport", status="NotSupported")
    )
    known = {"GetConfiguration" if version is V16 else "GetBaseReport": usual, **answers}
    handlers = {action: asked.noting(action, given) for action, given in known.items()}
    async with connect(
        f"{url}/{identity}",
        subprotocols=[websockets.Subprotocol(version.subprotocol)],
        additional_headers={} if password is None else basic(identity, password),
        ssl=tls,
    ) as connection:
        assert connection.subprotocol == version.subprotocol
        peer = foreign_kind(version, asked, handlers)(identity, connection, response_timeout=LIMIT_S)
        async with running(peer):
            yield Driver(version, peer, connection, asked, at or began())
