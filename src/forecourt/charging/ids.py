"""Types of the names things have. A station's own name for a thing is called `wire_id` where both names meet."""

from __future__ import annotations

from typing import NewType

StationId = NewType("StationId", str)
EvseId = NewType("EvseId", int)
ConnectorId = NewType("ConnectorId", int)
TransactionId = NewType("TransactionId", str)
TokenId = NewType("TokenId", str)
ProfileId = NewType("ProfileId", int)

STATION = EvseId(0)
"""EVSE 0 stands for the charging station as a whole (its grid connection); real EVSEs are numbered from 1."""
