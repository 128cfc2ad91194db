"""Tokens, verdicts and readings in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import cast

from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.measurands import MEASURANDS
from forecourt.charging.readings import Reading
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.ocpp import v2


def token_of(told: v2.IdToken) -> Token:
    return Token(told.id_token, told.type)


def id_token(token: Token) -> v2.IdToken:
    """A token learnt without its kind is taken for a card."""
    return v2.IdToken(id_token=token.value, type=token.kind or TokenKind.ISO14443.value)


def info_of(told: v2.IdTokenInfo) -> TokenInfo:
    return TokenInfo(
        verdict=Verdict(told.status),
        expires_at=None if told.cache_expiry_date_time is UNSET else told.cache_expiry_date_time,
        group=None if told.group_id_token is UNSET else token_of(told.group_id_token),
        evse_ids=frozenset() if told.evse_id is UNSET else frozenset(map(EvseId, told.evse_id)),
        priority=0 if told.charging_priority is UNSET else told.charging_priority,
    )


def meter_values(readings: Iterable[Reading]) -> tuple[v2.MeterValue, ...]:
    """One MeterValue for each moment."""
    return tuple(
        v2.MeterValue(timestamp=at, sampled_value=tuple(_sampled(reading) for reading in group))
        for at, group in groupby(readings, key=lambda reading: reading.at)
    )


def _sampled(reading: Reading) -> v2.SampledValue:
    unit = MEASURANDS[reading.measurand].unit.symbol
    return v2.SampledValue(
        value=reading.value,
        context=reading.context.value,
        measurand=cast(v2.Measurand, reading.measurand),
        phase=UNSET if reading.phase is None else reading.phase.value,
        unit_of_measure=v2.UnitOfMeasure(unit=unit) if unit else UNSET,
    )
