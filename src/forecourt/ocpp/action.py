"""What is known of an action beyond its fields: its two types, who may send it, where the specification treats it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from forecourt.ocpp.message import Message

BLOCKS: Final = MappingProxyType(
    {
        "A": "Security",
        "B": "Provisioning",
        "C": "Authorization",
        "D": "Local authorization list",
        "E": "Transactions",
        "F": "Remote control",
        "G": "Availability",
        "H": "Reservation",
        "I": "Tariff and cost",
        "J": "Meter values",
        "K": "Smart charging",
        "L": "Firmware management",
        "M": "Certificate management",
        "N": "Diagnostics",
        "O": "Display message",
        "P": "Data transfer",
        "Q": "Bidirectional power transfer",
        "R": "DER control",
        "S": "Battery swapping",
    }
)
"""Functional blocks of OCPP 2.x by letter. The actions of 1.6 are sorted into the same blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of one version. `response` is None for an action that is sent and never answered (SEND, Part 4 of 2.1)."""

    name: str
    request: type[Message]
    response: type[Message] | None
    from_station: bool
    from_csms: bool
    block: str
