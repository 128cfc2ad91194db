"""The state of a connector in the words of 2.x, and what each status of 1.6 means for it.

1.6 has nine statuses for what 2.x says with five states, a charging state and the transaction. Some of the nine do not
say whether a cable is plugged in: Preparing may be a presented card, Finishing a car that has not left (1.6, 4.9 and
7.7). What a vendor's stations mean by them is data (`Habit`); where nobody has said, the answer is that it is unknown.

`plugged_in` means what Part 2 calls "cable plugged in": a vehicle is connected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class ConnectorState(StrEnum):
    """ConnectorStatusEnumType, AvailabilityState."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"

    @property
    def operative(self) -> bool:
        return self not in (ConnectorState.UNAVAILABLE, ConnectorState.FAULTED)


class ChargingState(StrEnum):
    """ChargingStateEnumType."""

    IDLE = "Idle"
    EV_CONNECTED = "EVConnected"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"

    @property
    def plugged_in(self) -> bool:
        return self is not ChargingState.IDLE


class Happening(Enum):
    """What changes the state of a connector."""

    PLUGGED_IN = auto()
    UNPLUGGED = auto()
    RESERVED = auto()
    RESERVATION_USED = auto()
    """The token of the reservation was presented and a vehicle is connected."""
    RESERVATION_ENDED = auto()
    MADE_INOPERATIVE = auto()
    """The order took effect: at once, or when the transaction was over (G03.FR.05)."""
    MADE_OPERATIVE = auto()
    FAULT = auto()
    FAULT_CLEARED = auto()


_S, _H = ConnectorState, Happening

TRANSITIONS: Mapping[ConnectorState, Mapping[Happening, ConnectorState]] = MappingProxyType(
    {
        _S.AVAILABLE: {
            _H.PLUGGED_IN: _S.OCCUPIED,  # G01.FR.03
            _H.RESERVED: _S.RESERVED,
            _H.MADE_INOPERATIVE: _S.UNAVAILABLE,
            _H.FAULT: _S.FAULTED,
        },
        _S.OCCUPIED: {
            _H.UNPLUGGED: _S.AVAILABLE,  # G01.FR.04
            _H.MADE_INOPERATIVE: _S.UNAVAILABLE,
            _H.FAULT: _S.FAULTED,
        },
        _S.RESERVED: {
            _H.RESERVATION_USED: _S.OCCUPIED,  # G01.FR.06; merely plugging in changes nothing (G01.FR.09)
            _H.RESERVATION_ENDED: _S.AVAILABLE,
            _H.MADE_INOPERATIVE: _S.UNAVAILABLE,
            _H.FAULT: _S.FAULTED,
        },
        _S.UNAVAILABLE: {_H.MADE_OPERATIVE: _S.AVAILABLE, _H.FAULT: _S.FAULTED},
        _S.FAULTED: {_H.FAULT_CLEARED: _S.AVAILABLE},
    }
)
"""What follows on what (G01); a happening that is not in the row of a state leaves the state as it is.

AVAILABLE stands for "no longer what it was": `after` says what it is instead.
"""


def after(
    state: ConnectorState, happening: Happening, *, plugged_in: bool, operative: bool = True, reserved: bool = False
) -> ConnectorState:
    """The state after something happened.

    The rest says how things are by then: whether a vehicle is connected, whether the connector is to be operative (as
    last ordered; G01.FR.05), whether there is a reservation that nobody has used. So what was hidden by a fault or an
    order comes to light again (G03.FR.07).
    """
    found = TRANSITIONS[state].get(happening)
    if found is None:
        return state
    if found is not ConnectorState.AVAILABLE:
        return found
    if not operative:
        return ConnectorState.UNAVAILABLE
    if reserved:
        return ConnectorState.RESERVED
    return ConnectorState.OCCUPIED if plugged_in else ConnectorState.AVAILABLE


class Status(StrEnum):
    """ChargePointStatus of 1.6 (7.7)."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status says: the state, whether a vehicle is connected (None.

    It does not say), and how charging stands.
    """

    state: ConnectorState
    plugged_in: bool | None
    charging: ChargingState | None = None

    @property
    def occupied(self) -> bool:
        """Not free for another driver, whether or not a cable is in."""
        return self.state is ConnectorState.OCCUPIED


MEANINGS: Mapping[Status, Meaning] = MappingProxyType(
    {
        Status.AVAILABLE: Meaning(ConnectorState.AVAILABLE, False, ChargingState.IDLE),
        Status.PREPARING: Meaning(ConnectorState.OCCUPIED, None),
        Status.CHARGING: Meaning(ConnectorState.OCCUPIED, True, ChargingState.CHARGING),
        Status.SUSPENDED_EV: Meaning(ConnectorState.OCCUPIED, True, ChargingState.SUSPENDED_EV),
        Status.SUSPENDED_EVSE: Meaning(ConnectorState.OCCUPIED, True, ChargingState.SUSPENDED_EVSE),
        Status.FINISHING: Meaning(ConnectorState.OCCUPIED, None),
        Status.RESERVED: Meaning(ConnectorState.RESERVED, None),
        Status.UNAVAILABLE: Meaning(ConnectorState.UNAVAILABLE, None),
        Status.FAULTED: Meaning(ConnectorState.FAULTED, None),
    }
)
"""What the specification alone lets us conclude (1.6 4.9, 7.7)."""

EV_SIDE_DISCONNECTED = "ev side disconnected"
"""What a station writes into `info` when the cable was pulled out of the vehicle only (1.6 4.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What stations of a vendor mean by a status. None stands for any vendor, any model, any firmware.

    `model` and `firmware` are what the reported text begins with; case does not count.
    """

    status: Status
    plugged_in: bool | None
    charging: ChargingState | None = None
    state: ConnectorState | None = None
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None

    def fits(self, make: Make) -> bool:
        return (
            (self.vendor is None or self.vendor.casefold() == make.vendor.casefold())
            and (self.model is None or make.model.casefold().startswith(self.model.casefold()))
            and (self.firmware is None or make.firmware.casefold().startswith(self.firmware.casefold()))
        )

    @property
    def precision(self) -> tuple[bool, int, int]:
        """The higher the more it is about one kind of station."""
        return self.vendor is not None, len(self.model or ""), len(self.firmware or "")


@dataclass(frozen=True, slots=True)
class Make:
    """What a station said of itself at boot."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""


def meaning(status: Status, info: str | None = None, habits: Iterable[Habit] = (), make: Make | None = None) -> Meaning:
    """What a reported status means.

    What the station says in `info`, else the most precise habit that fits, else the specification.
    """
    plain = MEANINGS[status]
    if info is not None and EV_SIDE_DISCONNECTED in info.casefold():
        return Meaning(plain.state, False, ChargingState.IDLE)
    fitting = [habit for habit in habits if habit.status is status and habit.fits(make or Make())]
    if not fitting:
        return plain
    habit = max(fitting, key=lambda one: one.precision)
    return Meaning(habit.state or plain.state, habit.plugged_in, habit.charging)


def of_connector(state: ConnectorState, charging: ChargingState | None) -> Meaning:
    """The same for 2.x: the state of the connector and, if its EVSE has a transaction, the charging state of that.

    Occupied alone is the cable (G01, state transitions); a reserved connector may have one, too (G01.FR.09).
    """
    if charging is not None:
        return Meaning(state, charging.plugged_in, charging)
    if state is ConnectorState.OCCUPIED:
        return Meaning(state, True)
    if state is ConnectorState.AVAILABLE:
        return Meaning(state, False, ChargingState.IDLE)
    return Meaning(state, None)
