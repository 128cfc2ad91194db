"""Vendor messages, either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """DataTransfer; `data` is text in 1.6, any JSON value in 2.x."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None
