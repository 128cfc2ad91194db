"""From what the meter reads to the readings that are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from forecourt.charging.ids import EvseId
from forecourt.charging.readings import Context, Phase, Reading
from forecourt.station.hardware.interface import Measurement

_LINES = (Phase.L1, Phase.L2, Phase.L3)
_LINES_N = (Phase.L1_N, Phase.L2_N, Phase.L3_N)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """MeterValues outside a transaction. EVSE 0 is the grid connection."""

    evse_id: EvseId
    readings: tuple[Reading, ...]
    triggered: bool = False


def readings_of(
    measurement: Measurement, measurands: Iterable[str], at: datetime, context: Context, *, direct: bool
) -> tuple[Reading, ...]:
    """One reading for each measurand, one for each line where it has lines; none for what is not known now (SoC)."""
    return tuple(
        Reading(at=at, measurand=measurand, value=value, phase=phase, context=context)
        for measurand in measurands
        for value, phase in _values(measurement, measurand, direct=direct)
    )


def _values(now: Measurement, measurand: str, *, direct: bool) -> Iterator[tuple[Decimal, Phase | None]]:
    offered_w = sum((now.offered_a * volts for volts in now.voltages_v), Decimal(0))
    match measurand:
        case "Energy.Active.Import.Register":
            yield now.import_wh, None
        case "Energy.Active.Export.Register":
            yield now.export_wh, None
        case "Power.Active.Import":
            yield max(now.power_w, Decimal(0)), None
        case "Power.Active.Export":
            yield max(-now.power_w, Decimal(0)), None
        case "Power.Offered":
            yield offered_w, None
        case "Current.Offered":
            yield now.offered_a, None
        case "Current.Import":
            taken = [max(current, Decimal(0)) for current in now.currents_a]
            yield from zip(taken, (None,) if direct else _LINES, strict=False)
        case "Current.Export":
            given = [max(-current, Decimal(0)) for current in now.currents_a]
            yield from zip(given, (None,) if direct else _LINES, strict=False)
        case "Voltage":
            yield from zip(now.voltages_v, (None,) if direct else _LINES_N, strict=False)
        case "SoC" if now.soc_percent is not None:
            yield now.soc_percent, None
        case "Frequency":
            yield now.frequency_hz, None
        case "Temperature":
            yield now.temperature_celsius, None
