"""Tokens, readings, components and variables in the words of 2.0.1 and 2.1, and what only one of the two knows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from itertools import groupby
from typing import cast

from msgspec import UNSET, UnsetType

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.measurands import MEASURANDS
from forecourt.charging.readings import Reading, SignedValue
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.ocpp import v2
from forecourt.ocpp.message import Message
from forecourt.pki.certificates import HashData
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name


def knows(station: Station, message: type[Message], attribute: str) -> bool:
    """Whether the version spoken has this attribute of a message; what it has not must be left out."""
    return attribute not in station.dialect.version.delta.absent.get(message, ())


def fits(station: Station, message: type[Message], attribute: str, text: str) -> bool:
    """Whether the version spoken has room for a text; what is too long must be left out."""
    bounds = station.dialect.version.delta.bounds.get((message, attribute))
    return bounds is None or bounds.max_length is None or len(text) <= bounds.max_length


def ocsp_data(named: HashData, responder: str) -> v2.OCSPRequestData:
    """How a certificate is asked about (RFC 6960)."""
    return v2.OCSPRequestData(
        hash_algorithm=cast(v2.HashAlgorithm, named.algorithm),
        issuer_name_hash=named.issuer_name,
        issuer_key_hash=named.issuer_key,
        serial_number=named.serial_number,
        responder_url=responder,
    )


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
        languages=tuple(one for one in (told.language1, told.language2) if one is not UNSET),
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
        signed_meter_value=UNSET if reading.signed is None else _signed(reading.signed),
        unit_of_measure=v2.UnitOfMeasure(unit=unit) if unit else UNSET,
    )


def _signed(value: SignedValue) -> v2.SignedMeterValue:
    """Data and key go in base64 (SignedMeterValueType). What is not said, 2.0.1 wants empty."""
    return v2.SignedMeterValue(
        signed_meter_data=b64encode(value.data).decode(),
        encoding_method=value.encoding,
        signing_method=value.method,
        public_key=b64encode(value.public_key).decode(),
    )


def place_of(component: v2.Component) -> Place:
    if component.evse is UNSET:
        return WHOLE_STATION
    connector_id = component.evse.connector_id
    return Place(EvseId(component.evse.id), None if connector_id is UNSET else ConnectorId(connector_id))


def named(component: v2.Component) -> str:
    """A component with its instance, as `Name` has it."""
    return component.name if component.instance is UNSET else f"{component.name}[{component.instance}]"


def component_of(name: Name, place: Place) -> v2.Component:
    evse: v2.EVSE | UnsetType = UNSET
    if place.evse_id != STATION:
        evse = v2.EVSE(id=place.evse_id, connector_id=UNSET if place.connector_id is None else place.connector_id)
    component, _, instance = name.component.rstrip("]").partition("[")
    return v2.Component(name=component, instance=instance or UNSET, evse=evse)


def variable_of(name: Name) -> v2.Variable:
    return v2.Variable(name=name.variable, instance=name.instance or UNSET)


def means(asked: v2.ComponentVariable, name: Name, place: Place) -> bool:
    """B08.FR.20, 21, N02.FR.16 to 21: what is not named means all."""
    component = asked.component
    known, _, instance = name.component.rstrip("]").partition("[")
    if component.name.casefold() != known.casefold() or component.instance not in (UNSET, instance or None):
        return False
    if component.evse is not UNSET:
        wanted = place_of(component)
        if wanted.evse_id != place.evse_id or wanted.connector_id not in (None, place.connector_id):
            return False
    if asked.variable is UNSET:
        return True
    instance = "" if asked.variable.instance is UNSET else asked.variable.instance
    same = asked.variable.name.casefold() == name.variable.casefold()
    return same and instance.casefold() in ("", name.instance.casefold())
