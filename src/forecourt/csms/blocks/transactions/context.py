"""What this block is given where everything is put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from forecourt.charging.quantities import Money
from forecourt.csms.blocks.transactions.model import (
    Abilities,
    BoundsOf,
    Deviate,
    FirstLimits,
    no_abilities,
    no_limits,
    usual_bounds,
)
from forecourt.csms.blocks.transactions.records import Open
from forecourt.csms.blocks.transactions.watching import Watch
from forecourt.csms.stations.model import StationKey
from forecourt.csms.store.gathered import Gathered


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """`price_per_kwh` is gross, and None while there is no price: then nothing is said about cost."""

    watch: Watch
    open_ones: Gathered[StationKey, Open]
    deviate: Deviate
    abilities: Abilities = no_abilities
    first_limits: FirstLimits = no_limits
    bounds: BoundsOf = usual_bounds
    price_per_kwh: Money | None = None
    currency: str = "EUR"
    """What stations reckon in, for what they say of limits."""
    longest_interval: timedelta = timedelta(minutes=15)
    """A limit is not watched by readings that are further apart."""
