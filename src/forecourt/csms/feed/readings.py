"""The newest readings of a station's EVSEs as the feed sends them: the figures people look at, and everything else as it came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from forecourt.charging.ids import EvseId
from forecourt.charging.measurands import IMPORT_REGISTER, MEASURANDS
from forecourt.charging.readings import Location, Reading, overall
from forecourt.csms.blocks.metering.model import NewestReadings, Shown
from forecourt.csms.stations.model import Station

POWER: Final = "Power.Active.Import"
CURRENT: Final = "Current.Import"
VOLTAGE: Final = "Voltage"
SOC: Final = "SoC"


class ReadingOut(msgspec.Struct, frozen=True, kw_only=True):
    """One reading, in the unit it is kept in."""

    measurand: str
    value: float
    unit: str
    phase: str | None
    location: str
    at: datetime


class EvseReadings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest readings of an EVSE; EVSE 0 is the station's own meter. `powerW` is over all phases; null is not known."""

    organisation_id: int
    station_id: int
    site_id: int | None
    evse_id: int
    at: datetime
    power_w: float | None
    energy_wh: float | None
    soc_percent: float | None
    current_per_phase_a: dict[str, float]
    voltage_per_phase_v: dict[str, float]
    readings: list[ReadingOut]


def readings_of(station: Station, only: EvseId | None = None) -> list[EvseReadings]:
    """The newest readings of each EVSE of which there are any."""
    if not station.remembers(NewestReadings):
        return []
    newest = station.recall(NewestReadings)
    return [_of(station, evse, shown) for evse in sorted(newest) if only in (None, evse) and (shown := newest.of(evse))]


def _of(station: Station, evse: EvseId, shown: list[Shown]) -> EvseReadings:
    return EvseReadings(
        organisation_id=station.organisation,
        station_id=station.key,
        site_id=station.site,
        evse_id=evse,
        at=max(one.at for one in shown),
        power_w=_overall(shown, POWER),
        energy_wh=_overall(shown, IMPORT_REGISTER),
        soc_percent=_value(one for one in shown if one.measurand == SOC),
        current_per_phase_a=_per_phase(shown, CURRENT),
        voltage_per_phase_v=_per_phase(shown, VOLTAGE),
        readings=[
            ReadingOut(
                measurand=one.measurand,
                value=float(one.value),
                unit=MEASURANDS[one.measurand].unit.symbol,
                phase=None if one.phase is None else one.phase.value,
                location=one.location.value,
                at=one.at,
            )
            for one in sorted(shown, key=lambda one: (one.measurand, one.phase or "", one.location))
        ],
    )


def _at_outlet(shown: Iterable[Shown], measurand: str) -> list[Shown]:
    return [one for one in shown if one.measurand == measurand and one.location is Location.OUTLET]


def _overall(shown: list[Shown], measurand: str) -> float | None:
    given = _at_outlet(shown, measurand)
    if not given:
        return None
    # A phase that is no longer reported must not be added to those that are.
    moment = max(one.at for one in given)
    found = overall(
        Reading(at=one.at, measurand=one.measurand, value=one.value, phase=one.phase)
        for one in given
        if one.at == moment
    )
    return None if found is None else float(found.value)


def _per_phase(shown: list[Shown], measurand: str) -> dict[str, float]:
    return {one.phase.value: float(one.value) for one in _at_outlet(shown, measurand) if one.phase is not None}


def _value(shown: Iterable[Shown]) -> float | None:
    newest = max(shown, key=lambda one: one.at, default=None)
    return None if newest is None else float(newest.value)
