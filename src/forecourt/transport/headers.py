"""HTTP header fields, as both WebSocket handshakes and SOAP exchanges carry them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HeaderItems = Iterable[tuple[str, str]]


class Headers:
    """An ordered list of header fields that is looked up without regard to case. Immutable; names are kept in lower case."""

    __slots__ = ("_items",)

    def __init__(self, items: HeaderItems = ()) -> None:
        self._items = tuple((name.lower(), value) for name, value in items)

    @classmethod
    def from_wire(cls, items: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Take header fields as an HTTP parser found them. Bytes above 127 have no agreed meaning and are read as Latin-1."""
        return cls((name.decode("latin-1"), value.decode("latin-1")) for name, value in items)

    def get(self, name: str) -> str | None:
        """Return the first field of that name, or None."""
        wanted = name.lower()
        return next((value for key, value in self._items if key == wanted), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every field of that name, in order."""
        wanted = name.lower()
        return tuple(value for key, value in self._items if key == wanted)

    def tokens(self, name: str) -> tuple[str, ...]:
        """Return the members of a comma-separated list that may be spread over several fields, each stripped, empty ones left out."""
        parts = (part.strip(" \t") for value in self.all(name) for part in value.split(","))
        return tuple(part for part in parts if part)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        # Values stay out: they hold credentials.
        return f"Headers({', '.join(name for name, _ in self._items)})"
