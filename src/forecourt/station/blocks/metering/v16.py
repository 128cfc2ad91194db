"""Readings in the words of 1.6."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp import v16
from forecourt.station.blocks.metering.model import Measured
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v16 import meter_values


def say_measured(station: Station, measured: Measured) -> v16.MeterValues:
    """Section 4.7, outside a transaction."""
    number = next(
        (number for number, place in station.build.topology.flat.items() if place.evse_id == measured.evse_id), 0
    )
    return v16.MeterValues(connector_id=number, meter_value=meter_values(measured.readings))


HEARS: Final[Hears] = {}
SAYS: Final[Says] = {Measured: Said(v16.MeterValues, say_measured)}
