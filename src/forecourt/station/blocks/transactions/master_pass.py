"""Ending transactions with a master pass: those that its holder chooses at the station, or all (C16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import Token
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.transactions import actions
from forecourt.station.core import Station
from forecourt.station.state import Bay

CHOICE_S: Final = 60.0
"""How long the holder may take to choose."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """Among which EVSEs a master pass is about to choose, until the timer rings."""

    token: Token
    evse_ids: frozenset[EvseId]
    timer: Timer


class Choice:
    """What there is to choose now."""

    __slots__ = ("choosing",)

    def __init__(self, station: Station) -> None:
        self.choosing: Choosing | None = None


def use(station: Station, token: Token, bays: Iterable[Bay]) -> None:
    """C16.FR.01, 02: let the holder choose; where there is nothing to choose with, end all."""
    evse_ids = tuple(bay.evse_id for bay in bays)
    _forget(station)
    if station.hardware.choose(evse_ids):
        timer = station.after(CHOICE_S, lambda: _forget(station))
        station.part(Choice).choosing = Choosing(token, frozenset(evse_ids), timer)
    else:
        _end(station, token, evse_ids)


def on_chosen(station: Station, event: events.Chosen) -> None:
    """C16.FR.07. What was not among those to choose from, or comes too late, counts for nothing."""
    choosing = station.part(Choice).choosing
    if choosing is not None:
        _forget(station)
        _end(station, choosing.token, [one for one in event.evse_ids if one in choosing.evse_ids])


def _end(station: Station, token: Token, evse_ids: Iterable[EvseId]) -> None:
    for evse_id in evse_ids:
        bay = station.bays[evse_id]
        if bay.authorization is not None:
            actions.withdraw(station, bay, "StopAuthorized", "MasterPass", stop_token=token)


def _forget(station: Station) -> None:
    choice = station.part(Choice)
    if choice.choosing is not None:
        choice.choosing.timer.cancel()
        choice.choosing = None
