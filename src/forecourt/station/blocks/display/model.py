"""A message for the display, and which of many is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from forecourt.station.storage import Shelf

ALWAYS: Final = "AlwaysFront"
IN_FRONT: Final = "InFront"
FALLBACK_LANGUAGE: Final = "en"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Words in one language, an RFC 5646 tag, or in one that nobody said. `form` is a MessageFormatEnum word."""

    form: str
    content: str
    language: str | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """MessageInfo: shown from `start_at` until `end_at`, in a state of the station, while a transaction runs; None is no bound.

    `texts` are the same thing in several languages, the first as the one that counts where none fits.
    """

    id: int
    priority: str
    texts: tuple[Text, ...]
    state: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    transaction_id: str | None = None

    def for_reader(self, preferred: Iterable[str], usual: str) -> str:
        """The words for somebody who prefers these languages, the best first; `usual` is the station's own.

        Where there are none for him, English is next (O01.FR.08, 09, C01.FR.08, 09, 13), and the first words are last.
        """
        preferred = tuple(preferred)
        for wanted in (*preferred, *((FALLBACK_LANGUAGE, usual) if preferred else (usual, FALLBACK_LANGUAGE))):
            for same in (_exactly, _roughly):
                for text in self.texts:
                    if text.language is not None and same(text.language.casefold(), wanted.casefold()):
                        return text.content
        return self.texts[0].content


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPart:
    """NotifyDisplayMessages: a part of what was asked for under `request_id`."""

    request_id: int
    more: bool
    notices: tuple[Notice, ...]


NOTICES: Shelf[Notice] = Shelf("notices", Notice)


def _exactly(language: str, wanted: str) -> bool:
    return language == wanted


def _roughly(language: str, wanted: str) -> bool:
    """de-AT will do for who reads de, and the other way round."""
    return language.split("-")[0] == wanted.split("-")[0]


def foremost(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """What the display cycles through, of all that might be shown now (O01.FR.12 to 15)."""
    found = tuple(notices)
    for priority in (ALWAYS, IN_FRONT):
        if chosen := tuple(notice for notice in found if notice.priority == priority):
            return chosen
    return found
