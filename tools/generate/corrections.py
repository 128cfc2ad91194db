"""Where the schemas of the `ocpp` package are changed before use, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """One keyword of one schema. `path` leads to the schema that has `keyword`; `value` None removes the keyword."""

    version: str
    schema: str
    path: tuple[str, ...]
    keyword: str
    value: object
    reason: str


_METER_VALUE = ("properties", "meterValue")
_TRANSACTION_DATA = ("properties", "transactionData")
_SAMPLED_VALUE = ("items", "properties", "sampledValue")
_UNIT = ("items", "properties", "unit")

_UNITS = [
    "Wh", "kWh", "varh", "kvarh", "W", "kW", "VA", "kVA", "var", "kvar", "A", "V", "K", "Celcius", "Celsius", "Fahrenheit", "Percent", "Hertz",  # codespell:ignore celcius
]  # fmt: skip

CORRECTIONS: tuple[Correction, ...] = (
    Correction(
        "1.6", "StopTransaction", (*_TRANSACTION_DATA, *_SAMPLED_VALUE, *_UNIT), "enum", _UNITS,
        "A frequency may be sampled at the end of a transaction too (1.6 errata, section 7.31: its unit is Hertz); MeterValues allows it",
    ),
    Correction(
        "1.6", "MeterValues", _METER_VALUE, "minItems", None,
        "The Alliance's schema accepts no reading at all; it loses nothing, and a refusal makes a station repeat it",
    ),
    Correction(
        "1.6", "MeterValues", (*_METER_VALUE, *_SAMPLED_VALUE), "minItems", None,
        "The Alliance's schema accepts a reading without values, as StopTransaction does, where a refusal would lose the stop",
    ),
    Correction(
        "1.6", "GetDiagnostics", ("properties", "location"), "format", None,
        "The specification has anyURI, but validators differ on what that is, and locations without a scheme are in use",
    ),
    Correction(
        "1.6", "UpdateFirmware", ("properties", "location"), "format", None,
        "The specification has anyURI, but validators differ on what that is, and locations without a scheme are in use",
    ),
)  # fmt: skip
"""Where the package and the Alliance's own set differ and the package is kept: 1.6 units Celsius and Hertz, which the errata ask for;
2.0.1 Get15118EVCertificateResponse.exiResponse is 7500 long instead of 5600, because 5600 is what a station must
support at least (it may report more as FieldLength) and answers of ISO 15118-2 exceed it."""


def corrected(version: str, name: str, schema: Schema) -> Schema:
    """Apply to `schema`, which is changed, every correction meant for it.

    Raises KeyError when a correction finds no such place, and ValueError when it changes nothing: then it has become stale.
    """
    for correction in CORRECTIONS:
        if (correction.version, correction.schema) != (version, name):
            continue
        place = schema
        for step in correction.path:
            place = place[step]
        if place.get(correction.keyword) == correction.value:
            raise ValueError(f"stale correction of {version} {name}: {'/'.join(correction.path)} {correction.keyword}")
        if correction.value is None:
            del place[correction.keyword]
        else:
            place[correction.keyword] = correction.value
    return schema
