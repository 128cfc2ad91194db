"""Transactions that go on after the power was away, or after a reset that is to leave them alone (2.1: E17, B13).

How long the power was away is told by a note of the time, which is renewed while a transaction runs and resuming is wanted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from forecourt.charging.connector_state import ChargingState
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.transactions import actions, sampling
from forecourt.station.blocks.transactions.model import EV_CONNECTED, PARKING_BAY, POWER_PATH_CLOSED, conditions
from forecourt.station.blocks.transactions.telling import tell
from forecourt.station.core import Station
from forecourt.station.state import Bay
from forecourt.station.storage import Shelf

ALIVE: Shelf[datetime] = Shelf("alive", datetime)
PAUSED: Shelf[bool] = Shelf("paused", bool)
"""Transactions that a reset has interrupted and that go on however long it takes, by id."""

NOTE_S: Final = 5.0
"""How often the time is noted: how much too long an absence may seem."""
LOOK_S: Final = 2.0
"""How long after the start, or for the reset of an EVSE, it takes to see what is connected."""

_CABLE: Final = frozenset({EV_CONNECTED, POWER_PATH_CLOSED, PARKING_BAY})


class Noting:
    """The timer of the note."""

    __slots__ = ("timer",)

    def __init__(self, station: Station) -> None:
        self.timer: Timer | None = None


def begin_again(station: Station) -> None:
    """After the start: go on with what may go on, end the rest with what the meter says."""
    running = [bay for bay in station.bays.values() if bay.transaction is not None]
    paused = {transaction_id for transaction_id, _ in station.storage.items(PAUSED)}
    in_time = _away_s(station) <= _timeout_s(station)
    for bay in running:
        if bay.transaction is not None and (in_time or bay.transaction.id in paused):
            bay.resuming = True
            station.after(LOOK_S, lambda bay=bay: _resume(station, bay))  # type: ignore[misc]  # each its own bay
        else:
            # E17.FR.21, 22.
            actions.end(
                station, bay, "AbnormalCondition", "PowerLoss" if station.boot_reason == "PowerUp" else "Reboot"
            )
    for transaction_id in paused:
        station.storage.remove(PAUSED, transaction_id)
    if _timeout_s(station) > 0:
        note(station)


def pause(station: Station, bay: Bay, *, reboots: bool) -> None:
    """B13.FR.04, 10, 20: tell of the reset, then stop the energy. Without a reboot the EVSE is back after a moment."""
    if bay.transaction is None:
        return
    tell(station, bay, "Updated", "ResetCommand")
    station.storage.put(PAUSED, bay.transaction.id, True)
    bay.resuming = True
    actions.cut_off(station, bay)
    if bay.plugged is not None:
        station.hardware.unlock(bay.evse_id, bay.plugged)
    if not reboots:
        station.storage.remove(PAUSED, bay.transaction.id)
        station.after(LOOK_S, lambda: _resume(station, bay))


def note(station: Station) -> None:
    """E17.FR.02: note the time from now on, as long as it may be needed."""
    noting = station.part(Noting)
    if noting.timer is not None:
        noting.timer.cancel()
        noting.timer = None
    if _timeout_s(station) > 0 and any(bay.transaction is not None for bay in station.bays.values()):
        station.storage.put(ALIVE, "at", station.now())
        noting.timer = station.after(NOTE_S, lambda: note(station))


def on_changed(station: Station, event: events.TransactionBegan | events.TransactionEnded) -> None:
    if _timeout_s(station) > 0:
        note(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.variable == "ResumptionTimeout":
        note(station)


def _timeout_s(station: Station) -> int:
    return station.model.integer("TxCtrlr", "ResumptionTimeout")


def _away_s(station: Station) -> float:
    """How long the power was away; for ever where nothing was noted, or nothing goes on."""
    noted = next((at for _, at in station.storage.items(ALIVE)), None)
    if noted is None or _timeout_s(station) == 0:
        return float("inf")
    return (station.now() - noted).total_seconds()


def _resume(station: Station, bay: Bay) -> None:
    """E17.FR.10 to 17, B13.FR.12 to 14, 23 to 25."""
    transaction = bay.transaction
    if transaction is None or not bay.resuming:
        return
    was = ChargingState(transaction.state)
    if transaction.authorized:
        bay.authorization = transaction.authorization
    energy = station.model.flag("TxCtrlr", "AllowEnergyTransferResumption")
    bay.suspended = was is not ChargingState.IDLE and was is not ChargingState.EV_CONNECTED and not energy
    stops = set(station.model.members("TxCtrlr", "TxStopPoint"))
    if was is not ChargingState.IDLE and bay.plugged is None and (stops & _CABLE) - conditions(bay):
        bay.resuming = False
        actions.end(station, bay, "EVCommunicationLost", "EVDisconnected")
        return
    bay.conditions = conditions(bay)
    sampling.sample_later(station, bay)
    if was is ChargingState.CHARGING and energy and bay.plugged is not None:
        # Told with what the vehicle does then.
        actions.mind_power(station, bay)
        return
    actions.settle(station, bay, "TxResumed")
