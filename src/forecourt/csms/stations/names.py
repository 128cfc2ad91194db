"""What stations are called, so that a text anywhere in it is found at once.

The names of some hundred stations are one string, which is searched as fast as memory is read. It is made when it is searched first
after a station was added to it, renamed or taken out, so that a search knows of every change.

It takes about 50 bytes per station: the letters, once, and 16 to find the station again. Where a name needs more than one byte for
a letter, so do those of its group.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from forecourt.csms.stations.model import Station

_PER_GROUP: Final = 500
_END: Final = "\0"
"""After the names of a station: the database takes no name that holds it."""


class Names:
    """The names of all stations."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []

    def add(self, station: Station) -> None:
        """Know what a station is called from now on."""
        if not self._groups or len(self._groups[-1].stations) >= _PER_GROUP:
            self._groups.append(_Group())
        group = self._groups[-1]
        group.stations.append(station)
        group.forget_text()
        station.on_renamed = group.on_renamed

    def forget(self, station: Station) -> None:
        """Know it no more. Raises ValueError if it is not known."""
        for group in self._groups:
            if station in group.stations:
                group.stations.remove(station)
                group.forget_text()
                station.on_renamed = None
                if not group.stations:
                    self._groups.remove(group)
                return
        raise ValueError(f"station {station.wire_id} is not known")

    def holding(self, text: str) -> Iterator[Station]:
        """The stations with a text, in small letters or capitals, in what they are called. None may come or go meanwhile."""
        folded = text.casefold()
        for group in self._groups:
            yield from group.holding(folded)


class _Group:
    __slots__ = ("_begins", "_text", "on_renamed", "stations")

    def __init__(self) -> None:
        self.stations: list[Station] = []
        self._text: str | None = None
        self._begins = array("L")
        # One object for all its stations.
        self.on_renamed = self.forget_text

    def forget_text(self) -> None:
        self._text = None

    def holding(self, folded: str) -> Iterator[Station]:
        text = self._text = self._joined() if self._text is None else self._text
        begins = self._begins
        at = text.find(folded)
        while at >= 0:
            place = bisect_right(begins, at) - 1
            if place == len(self.stations):
                # An empty text is also found behind the last name.
                return
            yield self.stations[place]
            at = text.find(folded, begins[place + 1])

    def _joined(self) -> str:
        names = [station.called.casefold() + _END for station in self.stations]
        self._begins = array("L", [0])
        for name in names:
            self._begins.append(self._begins[-1] + len(name))
        return "".join(names)
