"""Security events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """SecurityEventNotification; `kind` is a word of the list of security events (Part 2, appendix 1)."""

    kind: str
    at: datetime
    detail: str | None = None
