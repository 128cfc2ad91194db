"""Limits of a transaction in energy, time, cost and state of charge (2.1: E16), by the management system or the driver.

What is reached first stops the energy; a limit that is raised lets it flow again. When to look is foretold: time exactly,
energy so that no power the EVSE can give passes the limit unseen. Cost is what the management system has told.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

import msgspec

from forecourt.charging.ids import EvseId
from forecourt.clock import Timer
from forecourt.ocpp.versions import V21
from forecourt.station import events
from forecourt.station.blocks.transactions import actions
from forecourt.station.blocks.transactions.model import ENERGY_TRANSFER
from forecourt.station.blocks.transactions.telling import register_wh_of, tell
from forecourt.station.core import Station
from forecourt.station.state import TRANSACTIONS, Bay, Limits, Transaction

NAMES: Final = {"energy_wh": "maxEnergy", "time_s": "maxTime", "cost": "maxCost", "soc_percent": "maxSoC"}
"""Each limit as SupportedLimits calls it."""

_REACHED: Final = {
    "energy_wh": ("EnergyLimitReached", "EnergyLimitReached"),
    "time_s": ("TimeLimitReached", "TimeLimitReached"),
    "cost": ("CostLimitReached", "LocalOutOfCredit"),
    "soc_percent": ("SoCLimitReached", "SOCLimitReached"),
}
"""Trigger and, if that ends the transaction, reason."""

_CLOSE_WH: Final = Decimal("0.01")
"""So little below a limit it counts as reached (E16.FR.19)."""
_SOC_EVERY_S: Final = 10.0
"""How often the state of charge is looked at while a limit depends on it: nobody tells how large the battery is."""
_SOON_S: Final = 1.0
"""Within this the power is taken to stay what it is."""


class Watch:
    """When each EVSE is to be looked at again."""

    __slots__ = ("timers",)

    def __init__(self, station: Station) -> None:
        self.timers: dict[EvseId, Timer] = {}


def impose(station: Station, transaction_id: str, limits: Limits) -> None:
    """E16.FR.03, 07: the management system has the last word. What is not supported is neither kept nor confirmed (FR.13)."""
    bay = actions.by_id(station, transaction_id)
    given = _supported(station, limits)
    if bay is None or bay.transaction is None or given == Limits():
        return
    imposed = _over(bay.transaction.imposed, given)
    _set(station, bay, msgspec.structs.replace(bay.transaction, imposed=imposed), given)


def on_wished(station: Station, event: events.LimitWished) -> None:
    """E16.FR.01, 04: the driver sets a limit, no higher than the management system has."""
    bay, wished = station.bays[event.evse_id], event.limits
    transaction = bay.transaction
    if (
        transaction is None
        or station.dialect.version is not V21
        or wished == Limits()
        or _supported(station, wished) != wished
        or any(_above(wished, transaction.imposed, name) for name in NAMES)
    ):
        station.hardware.show(event.evse_id, "Not possible")
        return
    _set(station, bay, transaction, wished)


def on_cost(station: Station, event: events.CostTold) -> None:
    """E16.FR.15: what the transaction has cost so far, as the management system reckons."""
    bay = actions.by_id(station, event.transaction_id)
    if bay is None or bay.transaction is None:
        return
    bay.transaction = msgspec.structs.replace(bay.transaction, cost=event.total)
    station.storage.put(TRANSACTIONS, event.transaction_id, bay.transaction)
    mind(station, bay)


def on_bay_changed(station: Station, event: events.BayChanged) -> None:
    """Energy flows, or flows no more: when a limit is reached is another moment now."""
    mind(station, event.bay)


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    """A clock that was wrong makes no transaction longer or shorter."""
    for bay in station.bays.values():
        if bay.transaction is not None and bay.transaction.limits != Limits():
            began_at = bay.transaction.began_at + timedelta(seconds=event.by_s)
            bay.transaction = msgspec.structs.replace(bay.transaction, began_at=began_at)
            station.storage.put(TRANSACTIONS, bay.transaction.id, bay.transaction)
            mind(station, bay)


def mind(station: Station, bay: Bay) -> None:
    """Stop the energy if a limit is reached, else look again when the first can be."""
    transaction = bay.transaction
    if (watch := station.made(Watch)) is not None and (timer := watch.timers.pop(bay.evse_id, None)) is not None:
        timer.cancel()
    if transaction is None or transaction.limits == Limits() or transaction.reached is not None or bay.resuming:
        return
    waits = {name: _wait_s(station, bay, transaction, name) for name in NAMES}
    for name, wait_s in waits.items():
        if wait_s is not None and wait_s <= 0:
            _stop(station, bay, transaction, name)
            return
    if (soonest_s := min((wait_s for wait_s in waits.values() if wait_s is not None), default=None)) is not None:
        timers = station.part(Watch).timers
        timers[bay.evse_id] = station.after(max(soonest_s, 0.001), lambda: mind(station, bay))


# Inside.


def _set(station: Station, bay: Bay, transaction: Transaction, given: Limits) -> None:
    """Tell all limits that hold now, then do what follows (E16.FR.10, 14)."""
    limits = _over(transaction.limits, given)
    bay.transaction = msgspec.structs.replace(transaction, limits=limits)
    tell(station, bay, "Updated", "LimitSet", limits=limits)
    # With the state that held so far; what is reached is judged anew.
    bay.transaction = msgspec.structs.replace(bay.transaction, reached=None)
    station.storage.put(TRANSACTIONS, transaction.id, bay.transaction)
    mind(station, bay)
    if transaction.reached is not None:
        # What the vehicle does then is told.
        actions.mind_power(station, bay)
        station.announce(events.BayChanged(bay))


def _stop(station: Station, bay: Bay, transaction: Transaction, name: str) -> None:
    """E16.FR.05, 06."""
    trigger, reason = _REACHED[name]
    bay.transaction = msgspec.structs.replace(transaction, reached=name)
    if ENERGY_TRANSFER in station.model.members("TxCtrlr", "TxStopPoint"):
        actions.end(station, bay, trigger, reason)
        station.announce(events.BayChanged(bay))
    else:
        actions.settle(station, bay, trigger)


def _wait_s(station: Station, bay: Bay, transaction: Transaction, name: str) -> float | None:
    """How long a limit is certainly not reached yet; 0 when it is, None when nothing tells."""
    limit: Decimal | None = getattr(transaction.limits, name)
    if limit is None:
        return None
    if name == "time_s":
        return float(limit) - (station.now() - transaction.began_at).total_seconds()
    if name == "cost":
        return 0.0 if transaction.cost is not None and transaction.cost >= limit else None
    if name == "soc_percent":
        soc_percent = station.hardware.measure(bay.evse_id).soc_percent
        reached = soc_percent is not None and soc_percent >= limit
        return 0.0 if reached else _SOC_EVERY_S if bay.flows else None
    left_wh = limit - _CLOSE_WH - (register_wh_of(station, bay, transaction) - transaction.begin_wh)
    if left_wh <= 0:
        return 0.0
    if not bay.flows:
        return None
    most_s = float(left_wh) * 3600 / bay.built.power_w
    power_w = float(station.hardware.measure(bay.evse_id).power_w)
    return max(most_s, min(_SOON_S, float(left_wh) * 3600 / power_w if power_w > 0 else _SOON_S))


def _supported(station: Station, limits: Limits) -> Limits:
    return Limits(**{name: getattr(limits, name) for name, word in NAMES.items() if word in station.build.limits})


def _over(limits: Limits, given: Limits) -> Limits:
    """`limits` with those in `given` in their place: once set, one can only be changed (E16.FR.17)."""
    news = {name: value for name in NAMES if (value := getattr(given, name)) is not None}
    return msgspec.structs.replace(limits, **news)


def _above(wished: Limits, imposed: Limits, name: str) -> bool:
    mine, theirs = getattr(wished, name), getattr(imposed, name)
    return mine is not None and theirs is not None and bool(mine > theirs)
