"""Bodies that many routes have in common."""

from __future__ import annotations

import msgspec


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""
