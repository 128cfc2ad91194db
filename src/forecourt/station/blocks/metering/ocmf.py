"""Signed readings as records of the Open Charge Metering Format (OCMF 1.4): what was read, for whom, and a signature over it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from forecourt.charging.readings import Context
from forecourt.charging.tokens import Token
from forecourt.station.hardware.interface import Signer

ENCODING: Final = "OCMF"
ALGORITHM: Final = "ECDSA-secp256r1-SHA256"

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_REASONS: Final = {Context.TRANSACTION_BEGIN: "B", Context.TRANSACTION_END: "E"}
_KINDS: Final = {
    "ISO14443": "ISO14443",
    "ISO15693": "ISO15693",
    "eMAID": "EMAID",
    "Central": "CENTRAL",
    "Local": "LOCAL",
    "KeyCode": "KEY_CODE",
}


def record(
    signer: Signer,
    readings: Iterable[tuple[datetime, Context, Decimal]],
    *,
    page: int,
    place: str,
    token: Token | None,
) -> bytes:
    """A record of the import register, in Wh, at each of these moments, signed by the meter.

    `place` is the station's identity and the connector, a space between them (table 18, CBIDC).
    """
    payload: dict[str, Any] = {
        "FV": "1.4",
        "GI": "Forecourt",
        "PG": f"T{page}",
        "MS": signer.serial,
        "IS": token is not None,
        # An identifier that was shown or sent proves nothing by itself (table 11).
        "IL": "NONE" if token is None else "HEARSAY",
        "IF": [],
        "IT": "NONE" if token is None else _KINDS.get(token.kind or "", "UNDEFINED"),
        "ID": "" if token is None else token.value,
        "CT": "CBIDC",
        "CI": place,
        "RD": [
            {
                "TM": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S},{at.microsecond // 1000:03}+0000 S",
                "TX": _REASONS.get(context, "C"),
                "RV": value,
                "RI": "1-0:1.8.0",
                "RU": "Wh",
                "ST": "G",
            }
            for at, context, value in readings
        ],
    }
    signed = _section(payload)
    return b"OCMF|" + signed + b"|" + _section({"SA": ALGORITHM, "SD": signer.sign(signed).hex()})


def printed_key(signer: Signer) -> bytes:
    """J02.FR.23: the public key, with what it is encoded in."""
    return b"oca:base16:asn1:" + signer.public_key.hex().encode()


def _section(content: dict[str, Any]) -> bytes:
    """The bar parts the sections and must not be in one."""
    return _ENCODER.encode(content).replace(b"|", b"\\u007c")
