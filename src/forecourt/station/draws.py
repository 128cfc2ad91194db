"""Random choices of a station, in a few bytes: a generator of the standard library would take more room than all its bays."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final


class Draws:
    """With a seed, the same choices again. Nothing here is secret: back-off, delays, ids of transactions."""

    __slots__ = ("_count", "_seed")

    def __init__(self, seed: str | None) -> None:
        self._seed: Final = secrets.token_bytes(16) if seed is None else sha256(seed.encode()).digest()[:16]
        self._count = 0

    def getrandbits(self, bits: int) -> int:
        """`bits` of them, at most 128."""
        self._count += 1
        drawn = sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return int.from_bytes(drawn[:16], "big") >> (128 - bits)

    def randint(self, least: int, most: int) -> int:
        """One of the numbers from `least` to `most`, both among them."""
        return least + self.getrandbits(128) % (most - least + 1)
