"""Readings as lines of a chart: one series per measurand, phase and location, thinned to as many points as can be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from forecourt.charging.measurands import MEASURANDS, Meaning
from forecourt.charging.readings import Reading

Reduced = Literal["none", "last", "mean"]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A reading, or what stands for several: then `at` is the moment of the last of them."""

    at: datetime
    value: float


class SeriesOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The readings of one kind. `reduced` says how points stand for several readings: registers by their last, others by their
    mean."""

    measurand: str
    phase: str | None
    location: str
    unit: str
    readings: int
    reduced: Reduced
    points: list[Point]


class MeterValues(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a meter said while a transaction went on."""

    series: list[SeriesOut]


def series_of(
    moments: Iterable[Sequence[Reading]], *, most: int, measurand: str | None = None, phase: str | None = None
) -> list[SeriesOut]:
    """The series in the order of their names, each with at most `most` points. `phase` empty means those without one."""
    gathered: dict[tuple[str, str, str], dict[datetime, Decimal]] = {}
    for readings in moments:
        for reading in readings:
            its_phase = "" if reading.phase is None else reading.phase.value
            if measurand in (None, reading.measurand) and phase in (None, its_phase):
                key = reading.measurand, its_phase, reading.location.value
                gathered.setdefault(key, {})[reading.at] = reading.value
    return [_series(key, sorted(values.items()), most) for key, values in sorted(gathered.items())]


def _series(key: tuple[str, str, str], values: list[tuple[datetime, Decimal]], most: int) -> SeriesOut:
    measurand, phase, location = key
    known = MEASURANDS[measurand]
    reduced: Reduced = "none"
    if len(values) <= most:
        points = [Point(at=at, value=float(value)) for at, value in values]
    elif known.meaning is Meaning.REGISTER:
        reduced = "last"
        points = [Point(at=at, value=float(value)) for at, value in (part[-1] for part in _parts(values, most))]
    else:
        reduced = "mean"
        points = [
            Point(at=part[-1][0], value=float(sum(value for _, value in part) / len(part)))
            for part in _parts(values, most)
        ]
    return SeriesOut(
        measurand=measurand,
        phase=phase or None,
        location=location,
        unit=known.unit.symbol,
        readings=len(values),
        reduced=reduced,
        points=points,
    )


def _parts(values: list[tuple[datetime, Decimal]], most: int) -> list[list[tuple[datetime, Decimal]]]:
    """`values` cut into `most` stretches of as many readings, none empty."""
    count = len(values)
    return [values[count * place // most : count * (place + 1) // most] for place in range(most)]
