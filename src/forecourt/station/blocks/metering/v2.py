"""Readings in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp import v2
from forecourt.station.blocks.metering.model import Measured
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import meter_values


def say_measured(station: Station, measured: Measured) -> v2.MeterValues:
    """J01."""
    return v2.MeterValues(evse_id=measured.evse_id, meter_value=meter_values(measured.readings))


HEARS: Final[Hears] = {}
SAYS: Final[Says] = {Measured: Said(v2.MeterValues, say_measured)}
