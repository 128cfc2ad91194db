"""Telling how far an update is: every state once, in order, also what happened while nobody was there (L01.FR.01)."""

from __future__ import annotations

from forecourt.charging.topology import Place
from forecourt.station.blocks.firmware.model import FirmwareStatus, Update
from forecourt.station.core import Station
from forecourt.station.storage import Shelf

UNTOLD: Shelf[FirmwareStatus] = Shelf("firmware_untold", FirmwareStatus)
LAST: Shelf[FirmwareStatus] = Shelf("firmware_last", FirmwareStatus)

ATTEMPTS = 3
"""At a management system that is there and answers with errors."""
_KEY = "0"


class Telling:
    """What has not been confirmed yet, and what was said last."""

    __slots__ = ("attempts", "flying", "last", "untold")

    def __init__(self, station: Station) -> None:
        self.untold = [(int(key), status) for key, status in station.storage.items(UNTOLD)]
        self.last: FirmwareStatus | None = next((status for _, status in station.storage.items(LAST)), None)
        self.attempts = 0
        self.flying = False


def tell(station: Station, update: Update, word: str) -> None:
    """L01.FR.10: with the number of the request."""
    telling = station.part(Telling)
    status = FirmwareStatus(status=word, request_id=update.request_id, plain=update.request_id is None)
    telling.last = status
    station.storage.put(LAST, _KEY, status)
    key = telling.untold[-1][0] + 1 if telling.untold else 0
    telling.untold.append((key, status))
    station.storage.put(UNTOLD, f"{key:06}", status)
    go_on(station)


def go_on(station: Station) -> None:
    """Say the next one, if one waits and somebody is there."""
    telling = station.made(Telling)
    if telling is None or telling.flying or not telling.untold or not station.online:
        return
    key, status = telling.untold[0]
    telling.flying = True

    def ended(answered: bool) -> None:
        telling.flying = False
        if not station.online:
            return
        telling.attempts += 1
        if answered or telling.attempts >= ATTEMPTS:
            telling.attempts = 0
            del telling.untold[0]
            station.storage.remove(UNTOLD, f"{key:06}")
        go_on(station)

    station.say(status, ended=ended)


def trigger(station: Station, place: Place | None) -> bool:
    """L01.FR.25, 26: what was said last, Idle once all is well."""
    last = station.part(Telling).last
    if last is None or last.plain or last.status == "Installed":
        status = FirmwareStatus(status="Idle", triggered=True)
    else:
        status = FirmwareStatus(status=last.status, request_id=last.request_id, triggered=True)
    station.later(lambda: station.say(status))
    return True


def trigger_plain(station: Station, place: Place | None) -> bool:
    """1.6, 4.5: Idle unless it is busy."""
    last = station.part(Telling).last
    busy = last is not None and last.plain and last.status in ("Downloading", "Downloaded", "Installing")
    word = last.status if busy and last is not None else "Idle"
    station.later(lambda: station.say(FirmwareStatus(status=word, plain=True, triggered=True)))
    return True
