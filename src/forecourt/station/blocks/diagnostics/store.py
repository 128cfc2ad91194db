"""The log of a station: lines of text, in pages of bounded number, the oldest of which gives way."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from forecourt.station.blocks.diagnostics.model import Kind
from forecourt.station.storage import Shelf

if TYPE_CHECKING:
    from forecourt.station.core import Station

LINES: Final = 16
"""Of one page."""
MOST_CHARACTERS: Final = 200
"""Of one line; the rest is cut off."""

PAGES_KEPT: Shelf[str] = Shelf("log", str)


class _Book:
    """Where a log is written on: the first and the last page there is, and what the last one holds."""

    __slots__ = ("first", "last", "lines", "text")

    def __init__(self) -> None:
        self.first = 0
        self.last = 0
        self.lines = 0
        self.text = ""


class Log:
    """The logs of one station. In memory is only the page that is written on; `online` is what was last written of the
    connection."""

    __slots__ = ("_books", "_station", "online")

    def __init__(self, station: Station) -> None:
        self._station: Final = station
        self.online: bool | None = None
        self._books = {kind: _Book() for kind in Kind}
        found: dict[Kind, list[tuple[int, str]]] = {kind: [] for kind in Kind}
        for key, text in station.storage.items(PAGES_KEPT):
            kind, _, page = key.partition("|")
            found[Kind(kind)].append((int(page), text))
        for known, pages in found.items():
            if pages:
                book = self._books[known]
                book.first, (book.last, book.text) = pages[0][0], pages[-1]
                book.lines = book.text.count("\n")

    def write(self, kind: Kind, text: str) -> None:
        """Add a line, durable with the turn."""
        book, storage = self._books[kind], self._station.storage
        if book.lines >= LINES:
            book.last, book.lines, book.text = book.last + 1, 0, ""
            if book.last - book.first >= self._station.build.log_pages:
                storage.remove(PAGES_KEPT, _key(kind, book.first))
                book.first += 1
        moment = self._station.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = " ".join(text.split())[:MOST_CHARACTERS]
        book.text += f"{moment} {line}\n"
        book.lines += 1
        storage.put(PAGES_KEPT, _key(kind, book.last), book.text)

    def read(self, kind: Kind, oldest: datetime | None, latest: datetime | None) -> str:
        """The lines from `oldest` to `latest`, both included."""
        pages = [text for key, text in self._station.storage.items(PAGES_KEPT) if key.startswith(f"{kind}|")]
        lines = "".join(pages).splitlines(keepends=True)
        return "".join(line for line in lines if _within(line, oldest, latest))


def _key(kind: Kind, page: int) -> str:
    return f"{kind}|{page:08}"


def _within(line: str, oldest: datetime | None, latest: datetime | None) -> bool:
    at = datetime.fromisoformat(line.partition(" ")[0])
    return (oldest is None or at >= oldest) and (latest is None or at <= latest)
