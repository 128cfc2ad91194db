"""Costs in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp import v2
from forecourt.station.blocks.tariff import actions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says


def on_cost_updated(station: Station, call: v2.CostUpdated) -> v2.CostUpdatedResponse:
    """I02."""
    actions.update(station, call.transaction_id, call.total_cost)
    return v2.CostUpdatedResponse()


HEARS: Final[Hears] = {v2.CostUpdated: on_cost_updated}
SAYS: Final[Says] = {}
