"""The state of each connector, from what is known of its bay. What a version calls it is in the dialects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forecourt.charging.connector_state import ChargingState, ConnectorState, Status
from forecourt.charging.topology import Place
from forecourt.station.state import Bay, Outlet


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Heartbeat."""

    triggered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A connector's (in 1.6 also the station's) status. Of a state and a status each version has one.

    `vehicle_gone` says that the cable hangs in the socket only, while a transaction goes on.
    """

    place: Place
    state: ConnectorState
    status: Status
    at: datetime
    fault: str | None = None
    vehicle_gone: bool = False
    triggered: bool = False


def state_of(bay: Bay, outlet: Outlet, *, in_service: bool) -> ConnectorState:
    """G01. An order to be out of service waits for the end of a transaction (G03.FR.05)."""
    if bay.fault is not None or outlet.fault is not None:
        return ConnectorState.FAULTED
    if bay.transaction is None and not (in_service and bay.operative and outlet.operative and not bay.held):
        return ConnectorState.UNAVAILABLE
    if bay.reserved:
        # G01.FR.09: also while a cable is in; only the token that it is reserved for changes that.
        return ConnectorState.RESERVED
    return ConnectorState.OCCUPIED if outlet.connector_id in (bay.plugged, bay.cable_left) else ConnectorState.AVAILABLE


_CHARGING = {
    ChargingState.CHARGING: Status.CHARGING,
    ChargingState.SUSPENDED_EV: Status.SUSPENDED_EV,
    ChargingState.SUSPENDED_EVSE: Status.SUSPENDED_EVSE,
    ChargingState.EV_CONNECTED: Status.PREPARING,
    ChargingState.IDLE: Status.SUSPENDED_EV,
}


def status_of(bay: Bay, outlet: Outlet, *, in_service: bool) -> Status:
    """1.6, 4.9. Of several connectors at one EVSE, the others cannot be used while one is."""
    state = state_of(bay, outlet, in_service=in_service)
    if state in (ConnectorState.FAULTED, ConnectorState.UNAVAILABLE, ConnectorState.RESERVED):
        return Status(state.value)
    if bay.transaction is None and bay.cable_left == outlet.connector_id:
        return Status.FINISHING
    mine = bay.plugged in (None, outlet.connector_id)
    if bay.transaction is not None and mine:
        return _CHARGING[bay.charging_state]
    if bay.plugged is not None:
        if not mine:
            return Status.UNAVAILABLE
        return Status.FINISHING if bay.finishing else Status.PREPARING
    return Status.PREPARING if bay.authorization is not None and len(bay.outlets) == 1 else Status.AVAILABLE
