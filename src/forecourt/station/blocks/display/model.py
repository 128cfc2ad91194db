"""A message for the display, and which of many is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from forecourt.station.languages import fitting
from forecourt.station.storage import Shelf

ALWAYS: Final = "AlwaysFront"
IN_FRONT: Final = "InFront"


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
        """The words for somebody who prefers these languages, the best first; `usual` is the station's own."""
        return self.texts[fitting([text.language for text in self.texts], tuple(preferred), usual)].content


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPart:
    """NotifyDisplayMessages: a part of what was asked for under `request_id`."""

    request_id: int
    more: bool
    notices: tuple[Notice, ...]


NOTICES: Shelf[Notice] = Shelf("notices", Notice)


def foremost(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """What the display cycles through, of all that might be shown now (O01.FR.12 to 15)."""
    found = tuple(notices)
    for priority in (ALWAYS, IN_FRONT):
        if chosen := tuple(notice for notice in found if notice.priority == priority):
            return chosen
    return found
