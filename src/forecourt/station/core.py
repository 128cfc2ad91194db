"""A station: one object without thread or task, moved by events of its hardware, its link and the time.

Whatever happens is one *turn*: blocks change the state, what must be kept is committed, and only then is anything said.
So what the management system has heard is always on the disk, and a power cut between two turns loses nothing. This module
knows no block; `assembly` puts them in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import Schedule
from forecourt.charging.tokens import Token
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version
from forecourt.station import events
from forecourt.station.config import Build
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import DeviceModel, Refusal
from forecourt.station.dialects import Dialect
from forecourt.station.draws import Draws
from forecourt.station.hardware.interface import Contract, ContractRequest, Hardware, Needs
from forecourt.station.link import Link
from forecourt.station.outbox import Outbox, TransactionMessage
from forecourt.station.state import FIRMWARE, TRANSACTIONS, Bay, Limits
from forecourt.station.storage import Storage, StorageFailed
from forecourt.station.timeline import Timeline
from forecourt.station.transfers import NoTransfers, Transfers
from forecourt.station.wiring import Bound, Wiring

_log = logging.getLogger(__name__)

T = TypeVar("T")
P = TypeVar("P")


Watcher: TypeAlias = Callable[["Station", object], object]


class Registration(StrEnum):
    """RegistrationStatusEnumType."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class Station:
    """Built without power; `start` switches it on, `stop` cuts it off. After that it is of no more use: build another one
    over the same storage."""

    __slots__ = (
        "_after", "_in_turn", "_offset", "_parts", "_seen_online", "bays", "boot_reason", "build", "connected_now", "dialect",
        "firmware_version", "hardware", "last_talk", "link", "model", "offline_since", "on", "outbox", "random", "registration", "restarted", "storage",
        "timeline", "transfers", "triggered", "watchers", "wiring",
    )  # fmt: skip

    link: Link

    def __init__(
        self,
        build: Build,
        wiring: Wiring,
        timeline: Timeline,
        storage: Storage,
        hardware: Hardware,
        boot_reason: str = "PowerUp",
        transfers: Transfers | None = None,
    ) -> None:
        self.build: Final = build
        self.wiring: Final = wiring
        self.timeline: Final = timeline
        self.storage: Final = storage
        self.hardware: Final = hardware
        self.transfers: Final[Transfers] = NoTransfers() if transfers is None else transfers
        self.boot_reason = boot_reason
        # With the moment in it, a station that starts anew does not draw the transaction ids of its first life again.
        seed = None if build.seed is None else f"{build.seed} {build.identity} {timeline.now()}"
        self.random: Final = Draws(seed)
        self.dialect: Dialect = wiring.dialects[build.versions[0]]
        self.bays: Final = {
            evse.evse_id: Bay(evse.evse_id, built, (connector.connector_id for connector in evse.connectors))
            for evse, built in zip(build.topology.evses, build.evses, strict=True)
        }
        self.model: Final = DeviceModel(
            storage,
            build.topology,
            Bound(self, wiring.computed),
            Bound(self, wiring.limits),
            self._check,
            self._store,
            lambda name: self.announce(events.VariableChanged(name)),
            lambda name: self.dialect.defaults.get(name),
            build.lacks,
        )
        self.registration: Registration | None = None
        self.connected_now = False
        self.on = False
        self.offline_since = timeline.monotonic()
        self.last_talk = timeline.monotonic()
        self.triggered = False
        self._seen_online = False
        self._offset = timedelta(0)
        self._after: list[Callable[[], object]] = []
        self._in_turn = False
        self._parts: dict[type[Any], Any] = {}
        self.restarted: Callable[[str], object] = lambda boot_reason: None
        self.watchers: tuple[Watcher, ...] = ()
        for _, transaction in storage.items(TRANSACTIONS):
            if transaction.evse_id in self.bays:
                self.bays[transaction.evse_id].transaction = transaction
        self.firmware_version = next((version for _, version in storage.items(FIRMWARE)), build.firmware_version)
        self.outbox: Final = Outbox(self)

    def _store(self, name: Name, value: str) -> bool:
        store = self.wiring.stores.get(name)
        if store is not None:
            store(self, value)
        return store is not None

    def _check(self, name: Name, value: str) -> Refusal | None:
        check = self.wiring.checks.get(name)
        return None if check is None else check(self, value)

    # Life.

    def start(self, link: Link) -> None:
        """Power on."""
        self.link = link
        self.on = True
        self.turn(lambda: self.announce(events.Started()))
        if self.on:
            self.hardware.attach(self)
            self.connect()

    def stop(self) -> None:
        """The power is gone, at once: nothing more is said or kept."""
        self.on = False
        self.connected_now = False
        self.outbox.close()
        self.transfers.abort()
        self.link.close()

    def restart(self, boot_reason: str) -> bool:
        """Start anew: the hardware does, and whoever runs this station builds its successor."""
        if not self.hardware.restart():
            return False
        self.later(lambda: self.restarted(boot_reason))
        return True

    def connect(self) -> None:
        """Try to connect, once."""
        self.link.open(self.wiring.route(self))

    def reconnect(self) -> None:
        """Hang up and connect again, after the usual wait."""
        self.link.close()
        self.disconnected()

    def turn(self, work: Callable[[], T]) -> T | None:
        """Do `work` with all that follows from it, keep it, then say what is to be said. Without power nothing happens."""
        if self._in_turn:
            return work()
        if not self.on:
            return None
        try:
            result = self.within(work)
            self._follow_up()
        except StorageFailed as error:
            self._crash(error)
            return None
        return result

    def within(self, work: Callable[[], T]) -> T:
        """The first half of a turn: what changes, changes, and is kept. Raises StorageFailed where no turn is around it."""
        if self._in_turn:
            return work()
        self._in_turn = True
        try:
            result = work()
        finally:
            self._in_turn = False
        self.storage.commit()
        return result

    def proceed(self) -> None:
        """The second half: what was put off, then the outbox."""
        try:
            self._follow_up()
        except StorageFailed as error:
            self._crash(error)

    def _follow_up(self) -> None:
        while self._after and self.on:
            after, self._after = self._after, []
            for work in after:
                self.within(work)
        if self.on:
            self.outbox.pump()

    def _crash(self, error: StorageFailed) -> None:
        """What is in memory now is not on the disk: say nothing of it, and begin again from what is."""
        _log.error("%s starts anew: %s", self.build.identity, error)
        self.stop()
        self.hardware.restart()
        self.restarted("Watchdog")

    def later(self, work: Callable[[], object]) -> None:
        """Do this after the turn, and after the answer to the call that is being handled has left."""
        self._after.append(work)

    def announce(self, event: object) -> None:
        self.show(event)
        for listener in self.wiring.listeners.get(type(event), ()):
            listener(self, event)

    def show(self, event: object) -> None:
        """Let those see it who only watch: they change nothing before they have returned."""
        for watcher in self.watchers:
            watcher(self, event)

    def part(self, kind: type[P]) -> P:
        """What a block remembers of this station: one object of its own class, made when first asked for."""
        found: P | None = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)  # type: ignore[call-arg]  # every such class takes the station
        return found

    def made(self, kind: type[P]) -> P | None:
        """The same, None where nobody has asked for it yet: most stations never need most of them."""
        return self._parts.get(kind)

    # Time.

    def now(self) -> datetime:
        """The station's own clock, which the management system sets. Cut to milliseconds, as it is told and kept."""
        now = self.timeline.now() + self._offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def set_clock(self, to: datetime) -> None:
        by = to - self.now()
        if abs(by) >= timedelta(seconds=1):
            self._offset += by
            self.announce(events.ClockSet(by.total_seconds()))

    def after(self, delay_s: float, work: Callable[[], object]) -> Any:
        """A timer whose work is a turn."""
        return self.timeline.after(delay_s, lambda: self.turn(work))

    # Saying.

    @property
    def accepted(self) -> bool:
        return self.registration is Registration.ACCEPTED

    @property
    def online(self) -> bool:
        """The management system can be asked now."""
        return self.connected_now and self.accepted

    def say(
        self,
        notice: Any,
        *,
        periodic: bool = False,
        urgent: bool = False,
        ended: Callable[[bool], object] | None = None,
    ) -> None:
        """Have something said once, as soon as may be. `ended` is told, after the answer, whether there was one."""
        self.outbox.put(notice, periodic=periodic, urgent=urgent, ended=ended)

    def wording(self, notice: Any) -> str | None:
        """What of a notice would differ on the wire in this version, as text; None where there are no words for it.

        Moments are left out, so that equal wordings need not be said twice.
        """
        said = self.dialect.says.get(type(notice))
        request = None if said is None else said.say(self, notice)
        if request is None:
            return None
        fields = ((name, getattr(request, name)) for name in request.__struct_fields__ if name != "timestamp")
        return " ".join(f"{name}={value}" for name, value in fields)

    def keep(self, message: TransactionMessage) -> None:
        """Have something told of a transaction, however long it takes."""
        self.outbox.keep(message)

    def may_say(self, notice: Any) -> bool:
        """B02, B03: before it is accepted, a station says only what it boots with or what it was asked for."""
        if self.accepted or type(notice) in self.wiring.early:
            return True
        return self.registration is Registration.PENDING and bool(getattr(notice, "triggered", False))

    def talked(self) -> None:
        self.last_talk = self.timeline.monotonic()

    # What the link tells.

    def connected(self, version: Version) -> None:
        if not self.on:
            return
        self.dialect = self.wiring.dialects[version]
        self.connected_now = True
        offline_s = self.timeline.monotonic() - self.offline_since
        self.turn(lambda: self.announce(events.Online(offline_s)))

    def disconnected(self, fault: str | None = None, why: str = "") -> None:
        """The connection is lost, or could not be made; `fault` is a security event if that was the reason, `why` is for people."""
        if not self.on:
            return

        def lost() -> None:
            if self.connected_now:
                self.offline_since = self.timeline.monotonic()
            self.connected_now = False
            self.outbox.disconnected()
            self.announce(events.Offline(fault, why))

        self.turn(lost)

    def receive(self, request: Message) -> Message:
        """Answer a call. Whoever calls this sends the answer, then calls `proceed`. Raises ProtocolError to answer with an error."""
        if self.registration in (None, Registration.REJECTED):
            # B03.FR.07; of a station that has not been accepted nothing may be asked.
            raise ProtocolError(ErrorCode.SECURITY_ERROR, "not accepted yet")
        handler = self.dialect.hears[type(request)]
        try:
            answer = self.within(lambda: handler(self, request))
        except StorageFailed as error:
            self._crash(error)
            raise ProtocolError(ErrorCode.INTERNAL_ERROR, "the station cannot keep anything now") from error
        if self.watchers:
            self.show(events.Asked(request, answer))
        return answer

    # What the hardware tells.

    def plugged(self, evse_id: EvseId, connector_id: ConnectorId) -> None:
        self.turn(lambda: self.announce(events.Plugged(evse_id, connector_id)))

    def unplugged(self, evse_id: EvseId, *, cable_left: bool = False) -> None:
        self.turn(lambda: self.announce(events.Unplugged(evse_id, cable_left)))

    def parked(self, evse_id: EvseId, *, there: bool) -> None:
        self.turn(lambda: self.announce(events.Parked(evse_id, there)))

    def drawing(self, evse_id: EvseId, flows: bool) -> None:
        self.turn(lambda: self.announce(events.Drawing(evse_id, flows)))

    def presented(self, token: Token, evse_id: EvseId | None = None) -> None:
        self.turn(lambda: self.announce(events.Presented(token, evse_id)))

    def vehicle_shown(self, evse_id: EvseId, chain: str) -> None:
        self.turn(lambda: self.announce(events.VehicleShown(evse_id, chain)))

    def certificate_wanted(self, evse_id: EvseId, request: ContractRequest) -> None:
        self.turn(lambda: self.announce(events.CertificateWanted(evse_id, request)))

    def contract_shown(self, evse_id: EvseId, contract: Contract) -> None:
        self.turn(lambda: self.announce(events.ContractShown(evse_id, contract)))

    def session_ended(self, evse_id: EvseId) -> None:
        self.turn(lambda: self.announce(events.SessionEnded(evse_id)))

    def chosen(self, evse_ids: Iterable[EvseId]) -> None:
        self.turn(lambda: self.announce(events.Chosen(tuple(evse_ids))))

    def restricted(
        self, limit: Cap | None, source: str = "EMS", *, evse_id: EvseId = STATION, adds: bool = False
    ) -> None:
        self.turn(lambda: self.announce(events.Restricted(limit, source, evse_id, adds)))

    def needs(self, evse_id: EvseId, needs: Needs) -> None:
        self.turn(lambda: self.announce(events.Needed(evse_id, needs)))

    def scheduled(self, evse_id: EvseId, schedule_id: int, own: Schedule | None = None) -> None:
        self.turn(lambda: self.announce(events.Scheduled(evse_id, schedule_id, own)))

    def hurried(self, evse_id: EvseId, *, wanted: bool) -> None:
        self.turn(lambda: self.announce(events.Hurried(evse_id, wanted)))

    def limited(self, evse_id: EvseId, limits: Limits) -> None:
        self.turn(lambda: self.announce(events.LimitWished(evse_id, limits)))

    def power_fails(self) -> None:
        """Transactions end while that can still be told (1.6 TC_032_1)."""
        self.turn(lambda: self.announce(events.Resetting(None, "PowerLoss", "AbnormalCondition")))

    def fault(self, evse_id: EvseId, code: str | None, connector_id: ConnectorId | None = None) -> None:
        self.turn(lambda: self.announce(events.Fault(evse_id, connector_id, code)))

    def installed(self, version: str | None) -> None:
        self.turn(lambda: self.announce(events.FirmwareInstalled(version)))
