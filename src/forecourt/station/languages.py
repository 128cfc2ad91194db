"""Which of several words for the same thing somebody is shown, by the languages he prefers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

FALLBACK: Final = "en"


def fitting(languages: Sequence[str | None], preferred: Sequence[str], usual: str) -> int:
    """The index of the language for somebody who prefers these (RFC 5646 tags), the best first; `usual` is the station's own.

    Where there is none for him, English is next (O01.FR.08, 09, C01.FR.08, 09, 13), and the first is last.
    """
    for wanted in (*preferred, *((FALLBACK, usual) if preferred else (usual, FALLBACK))):
        for same in (_exactly, _roughly):
            for index, language in enumerate(languages):
                if language is not None and same(language.casefold(), wanted.casefold()):
                    return index
    return 0


def _exactly(language: str, wanted: str) -> bool:
    return language == wanted


def _roughly(language: str, wanted: str) -> bool:
    """de-AT will do for who reads de, and the other way round."""
    return language.split("-")[0] == wanted.split("-")[0]
