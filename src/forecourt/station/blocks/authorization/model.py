"""What authorization asks of the management system, and what the station knows of tokens by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from forecourt.charging.local_authorization import Cached, Entry, LocalList, TokenInfo
from forecourt.charging.tokens import Token
from forecourt.station.storage import Shelf

if TYPE_CHECKING:
    from forecourt.station.core import Station

CACHE: Shelf[Cached] = Shelf("token_cache", Cached)
LIST: Shelf[Entry] = Shelf("local_list", Entry)
LIST_VERSION: Shelf[int] = Shelf("local_list_version", int)

CACHE_SIZE: Final = 1000
LIST_SIZE: Final = 1000


class Ask:
    """Authorize. `info` is the answer, once there is one."""

    __slots__ = ("info", "token")

    def __init__(self, token: Token) -> None:
        self.token = token
        self.info: TokenInfo | None = None


class Known:
    """The local list and the cache of a station."""

    __slots__ = ("cache", "list")

    def __init__(self, station: Station) -> None:
        self.cache: dict[str, Cached] = dict(station.storage.items(CACHE))
        entries: dict[str, tuple[Entry, ...]] = {}
        for _, entry in station.storage.items(LIST):
            entries[entry.token.key] = (*entries.get(entry.token.key, ()), entry)
        version = next((version for _, version in station.storage.items(LIST_VERSION)), 0)
        self.list = LocalList(version, entries)


def key_of(token: Token) -> str:
    """Under which a token is kept."""
    return f"{token.key} {token.kind}"
