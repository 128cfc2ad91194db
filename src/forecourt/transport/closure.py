"""How a WebSocket connection ends: status codes (RFC 6455, 7.4) and what is known afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED_DATA: Final = 1003
NO_STATUS: Final = 1005
ABNORMAL: Final = 1006
INVALID_DATA: Final = 1007
POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011
TRY_AGAIN_LATER: Final = 1013

_ON_THE_WIRE: Final = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_PRIVATE: Final = range(3000, 5000)
_MAX_REASON_BYTES: Final = 123


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended. `code` is 1005 for a CLOSE without one and 1006 when there was none; `by_peer` tells who began."""

    code: int
    reason: str
    by_peer: bool


def may_be_sent(code: int) -> bool:
    """Whether a status code may stand in a CLOSE frame; 1005 and 1006 among others may not."""
    return code in _ON_THE_WIRE or code in _PRIVATE


def fitting(reason: str) -> bytes:
    """Encode a reason, cut between two characters to what fits into a CLOSE frame."""
    encoded = reason.encode()
    if len(encoded) <= _MAX_REASON_BYTES:
        return encoded
    return encoded[:_MAX_REASON_BYTES].decode("utf-8", "ignore").encode()
