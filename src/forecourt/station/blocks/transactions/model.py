"""When a transaction begins and ends: conditions of a bay, and the points of TxStartPoint and TxStopPoint."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from forecourt.station.state import Bay
from forecourt.station.storage import Shelf

EV_CONNECTED: Final = "EVConnected"
AUTHORIZED: Final = "Authorized"
POWER_PATH_CLOSED: Final = "PowerPathClosed"
ENERGY_TRANSFER: Final = "EnergyTransfer"
DATA_SIGNED: Final = "DataSigned"
PARKING_BAY: Final = "ParkingBayOccupancy"

REGISTERS: Shelf[Decimal] = Shelf("registers", Decimal)
"""What was last told of the import register of each EVSE, for hardware whose meter forgets."""


def conditions(bay: Bay) -> frozenset[str]:
    """Which of the points a transaction may begin or end at hold now (Part 2, TxStartPoint values)."""
    met = set()
    if bay.plugged is not None:
        met.add(EV_CONNECTED)
    if bay.authorization is not None:
        met.add(AUTHORIZED)
    if bay.plugged is not None and bay.authorization is not None:
        met.add(POWER_PATH_CLOSED)
        # A meter that signs does so as soon as a driver and a vehicle are there.
        met.add(DATA_SIGNED)
    if bay.parked or bay.plugged is not None or bay.cable_left is not None:
        # Without a sensor in the bay it is the cable that tells.
        met.add(PARKING_BAY)
    if bay.flows:
        met.add(ENERGY_TRANSFER)
    return frozenset(met)
