"""The words of accounts: their events, and what a key looks like."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from forecourt.csms.store.announced import Event

SESSION_LASTS: Final = timedelta(days=14)
"""From its last use."""
SESSION_ENDS: Final = timedelta(days=90)
"""At the latest, from its beginning."""
SEEN_EVERY: Final = timedelta(minutes=5)

KEY: Final = re.compile(r"fc_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
LOGIN: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,128}")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class UserChanged(Event, frozen=True, kw_only=True):
    """A user was added, changed or removed."""

    organisation_id: int | None
    user_id: int


class KeyChanged(Event, frozen=True, kw_only=True):
    """An API key was made or revoked."""

    organisation_id: int | None
    key_id: int


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key that has just been made: shown once, of which `digest` is kept."""

    text: str
    prefix: str
    digest: bytes


def new_key() -> NewKey:
    """A key nobody has."""
    prefix = "fc_" + "".join(secrets.choice(_LETTERS) for _ in range(8))
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    return NewKey(text, prefix, digest(text))


def digest(secret: str) -> bytes:
    """What is kept of a secret that is random enough to need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
