"""What variables are meant to be, where that is known (attribute Target)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from forecourt.charging.topology import Place
from forecourt.station.device_model.table import Name

if TYPE_CHECKING:
    from forecourt.station.core import Station


def _offered_w(station: Station, place: Place) -> str:
    now = station.hardware.measure(place.evse_id)
    return str(sum((now.offered_a * volts for volts in now.voltages_v), Decimal(0)))


TARGETS: Final[Mapping[Name, Callable[[Station, Place], str]]] = MappingProxyType({Name("EVSE", "Power"): _offered_w})
"""What an EVSE is to give is what it offers."""


def target(station: Station, name: Name, place: Place) -> str | None:
    """The target of a variable; None where it has none."""
    found = TARGETS.get(name)
    return None if found is None else found(station, place)
