"""Passwords of people: argon2, in a thread, since one check takes as long as a thousand messages of stations."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from forecourt.errors import Invalid

SHORTEST: Final = 12
LONGEST: Final = 256

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_NOBODYS: Final = _HASHER.hash(secrets.token_hex(16))
"""Checked against when there is no such user, so that the time of an answer tells nothing."""


def check_strength(password: str, path: str = "password") -> None:
    """Raise Invalid unless it is long enough; length is what counts (NIST SP 800-63B)."""
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"a password has {SHORTEST} to {LONGEST} characters"
        raise Invalid("password_length", message, {path: message})


def generated() -> str:
    """A password for somebody to type once: five groups of four, about 98 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(5))


async def hashed(password: str) -> str:
    """What is stored of it."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether it is the one that was hashed. Takes its time also when there is none."""
    return await asyncio.to_thread(_verify, password, stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _HASHER.verify(stored or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
