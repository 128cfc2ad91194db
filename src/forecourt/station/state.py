"""What all blocks know of the state of a station: bays (EVSEs), their connectors, who is authorized, what transaction runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from forecourt.charging.connector_state import ChargingState
from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.readings import Reading
from forecourt.charging.schedule import OperationMode
from forecourt.charging.tokens import Token
from forecourt.clock import Timer
from forecourt.station.config import EvseBuild
from forecourt.station.storage import Shelf

LEAST_AC_A: Final = 6
"""Below this no AC vehicle charges (IEC 61851-1)."""


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to charge at a bay. `invalid` says that the management system has refused the token since.

    `languages` are those the driver prefers, the best first.
    """

    token: Token
    group: Token | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    invalid: bool = False
    languages: tuple[str, ...] = ()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What ends the energy of a transaction; None: nothing. `time_s` counts from its begin, `cost` is in the station's currency."""

    energy_wh: Decimal | None = None
    time_s: Decimal | None = None
    cost: Decimal | None = None
    soc_percent: Decimal | None = None


NO_LIMITS: Final = Limits()


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that runs, as it is kept. `number` is what a 1.6 management system called it.

    `next_seq` is the sequence number of its next message, counted when that is sent for the first time. `state` is the charging
    state that was told last, `authorized` whether somebody had leave to charge then, `key_told`
    whether the public key of the meter was. `limits` hold now, `imposed` are those that the management system has set;
    `cost` is what it has told last, `reached` the limit (a field of `Limits`) that has stopped the energy.
    """

    id: str
    evse_id: EvseId
    connector_id: ConnectorId
    began_at: datetime
    begin_wh: Decimal
    last_wh: Decimal
    authorization: Authorization | None = None
    remote_start_id: int | None = None
    token_told: bool = False
    state: str = ChargingState.IDLE.value
    authorized: bool = False
    key_told: bool = False
    limits: Limits = NO_LIMITS
    imposed: Limits = NO_LIMITS
    cost: Decimal | None = None
    reached: str | None = None


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """What messages of a transaction are numbered with, kept until the last of them has been delivered."""

    next_seq: int = 0
    number: int | None = None


class Outlet:
    """A connector. `told` is the status that was last sent, in the words of the version spoken."""

    __slots__ = ("connector_id", "fault", "operative", "told")

    def __init__(self, connector_id: ConnectorId) -> None:
        self.connector_id = connector_id
        self.operative = True
        self.fault: str | None = None
        self.told: str | None = None


class Bay:
    """An EVSE with what goes on there. Blocks change it through the actions of the block that owns each field.

    `closed` is the contactor, `flows` whether energy does; `waiting` that the contactor has just closed and the vehicle has
    not made up its mind; `finishing` that a transaction is over and the cable still in; `parked` that a sensor sees a vehicle;
    `reserved` that it is kept free, `held` that nobody may begin there because of the station's firmware. `offer` is what the
    vehicle may take, current and phases, where that is less than the EVSE could give; `mode` how it charges; `resuming` that a
    transaction goes on after the power was away, `suspended` that it does so without energy; `ready_at` since when driver and
    vehicle are there.
    """

    __slots__ = (
        "authorization",
        "built",
        "cable_left",
        "charging_since",
        "closed",
        "conditions",
        "connect_timer",
        "evse_id",
        "fault",
        "finishing",
        "flows",
        "held",
        "mode",
        "offer",
        "operative",
        "outlets",
        "parked",
        "plugged",
        "ready_at",
        "reserved",
        "resetting",
        "resuming",
        "sample_timer",
        "stop_reason",
        "suspended",
        "trail",
        "trail_timer",
        "transaction",
        "wait_timer",
        "waiting",
    )  # fmt: skip

    def __init__(self, evse_id: EvseId, built: EvseBuild, connectors: Iterable[ConnectorId]) -> None:
        self.evse_id = evse_id
        self.built = built
        self.outlets = tuple(Outlet(connector_id) for connector_id in connectors)
        self.operative = True
        self.plugged: ConnectorId | None = None
        self.parked = False
        self.cable_left: ConnectorId | None = None
        self.fault: str | None = None
        self.authorization: Authorization | None = None
        self.connect_timer: Timer | None = None
        self.closed = False
        self.flows = False
        self.charging_since: float | None = None
        self.offer: tuple[Decimal, int] | None = None
        self.mode = OperationMode.CHARGING_ONLY
        self.ready_at: datetime | None = None
        self.transaction: Transaction | None = None
        self.finishing = False
        self.waiting = False
        self.wait_timer: Timer | None = None
        self.conditions: frozenset[str] = frozenset()
        self.stop_reason: str | None = None
        self.sample_timer: Timer | None = None
        self.trail_timer: Timer | None = None
        self.trail: tuple[Reading, ...] = ()
        self.resetting = False
        self.resuming = False
        self.suspended = False
        self.held = False
        self.reserved = False

    @property
    def charging_state(self) -> ChargingState:
        if self.plugged is None:
            return ChargingState.IDLE
        if not self.closed:
            leave = self.authorization
            held = self.suspended or (leave is not None and (leave.invalid or self.spent))
            return ChargingState.SUSPENDED_EVSE if held else ChargingState.EV_CONNECTED
        if self.flows:
            return ChargingState.CHARGING
        if self.waiting:
            return ChargingState.EV_CONNECTED
        return ChargingState.SUSPENDED_EVSE if self.starved else ChargingState.SUSPENDED_EV

    @property
    def spent(self) -> bool:
        """A limit of the transaction is reached."""
        return self.transaction is not None and self.transaction.reached is not None

    @property
    def starved(self) -> bool:
        """The limit is below what a vehicle could use."""
        return self.offer is not None and 0 <= self.offer[0] < (LEAST_AC_A if not self.built.direct else Decimal("0.1"))

    @property
    def usable(self) -> bool:
        """In service and whole."""
        return (
            self.operative and not self.held and self.fault is None and any(outlet.operative for outlet in self.outlets)
        )


TRANSACTIONS: Shelf[Transaction] = Shelf("transactions", Transaction)
NUMBERINGS: Shelf[Numbering] = Shelf("numberings", Numbering)
FIRMWARE: Shelf[str] = Shelf("firmware", str)
"""The version of the firmware that was installed last."""
