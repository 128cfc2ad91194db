"""Tokens, verdicts and readings in the words of 1.6."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from itertools import groupby
from typing import cast

import msgspec
from msgspec import UNSET

from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.measurands import MEASURANDS
from forecourt.charging.readings import Reading, SignedValue
from forecourt.charging.tokens import Token, Verdict
from forecourt.ocpp import v16


def info_of(told: v16.IdTagInfo) -> TokenInfo:
    return TokenInfo(
        verdict=Verdict(told.status),
        expires_at=None if told.expiry_date is UNSET else told.expiry_date,
        group=None if told.parent_id_tag is UNSET else Token.untyped(told.parent_id_tag),
    )


def meter_values(readings: Iterable[Reading]) -> tuple[v16.MeterValue, ...]:
    """One MeterValue for each moment."""
    return tuple(
        v16.MeterValue(timestamp=at, sampled_value=tuple(one for reading in group for one in _sampled(reading)))
        for at, group in groupby(readings, key=lambda reading: reading.at)
    )


def _sampled(reading: Reading) -> tuple[v16.SampledValue, ...]:
    """The number, and the same signed where the meter has done that (signed meter values, 3.2.1)."""
    unit = MEASURANDS[reading.measurand].unit.symbol
    plain = v16.SampledValue(
        value=f"{reading.value:f}",
        context=reading.context.value,
        measurand=cast(v16.Measurand, reading.measurand),
        phase=UNSET if reading.phase is None else reading.phase.value,
        # 1.6 knows no unit for a frequency before errata; Hertz was added by them.
        unit=cast(v16.UnitOfMeasure, "Hertz" if unit == "Hz" else unit),
    )
    if reading.signed is None:
        return (plain,)
    return plain, msgspec.structs.replace(plain, format="SignedData", value=_signed(reading.signed))


def _signed(value: SignedValue) -> str:
    """SignedMeterValueType of 2.x as JSON; data and key in base64, what is not said empty."""
    fields = {
        "signedMeterData": b64encode(value.data).decode(),
        "signingMethod": value.method,
        "encodingMethod": value.encoding,
        "publicKey": b64encode(value.public_key).decode(),
    }
    return msgspec.json.encode(fields).decode()
