"""What authorization asks of the management system, and what the station knows of tokens by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from forecourt.charging.local_authorization import Cached, Entry, LocalList, TokenInfo
from forecourt.charging.tokens import Token
from forecourt.pki.certificates import HashData
from forecourt.station.storage import Shelf

if TYPE_CHECKING:
    from forecourt.station.core import Station

CACHE: Shelf[Cached] = Shelf("token_cache", Cached)
LIST: Shelf[Entry] = Shelf("local_list", Entry)
LIST_VERSION: Shelf[int] = Shelf("local_list_version", int)

CACHE_SIZE: Final = 1000
LIST_SIZE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands behind an eMAID: which certificates may be asked about and where, and the chain as PEM text if the management
    system is to check that too. With `needs_chain` it is worth nothing without."""

    questions: tuple[tuple[HashData, str], ...]
    chain: str | None
    needs_chain: bool


class Ask:
    """Authorize. `info` is the answer, once there is one."""

    __slots__ = ("evidence", "info", "token")

    def __init__(self, token: Token, evidence: Evidence | None = None) -> None:
        self.token = token
        self.evidence = evidence
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
