"""Meter values in the words of 1.6: numbers as text, connectors in one row, signed data in place of the number."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import UNSET

from forecourt.charging.readings import Problem, Sample, SignedValue
from forecourt.csms.blocks.metering import actions
from forecourt.csms.blocks.metering.model import Gathering, Metered, Owner, Report, instant, place_of_number
from forecourt.csms.stations.dialects import Hears, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16
from forecourt.ocpp.numbers import decimal_of

_ENCODER: Final = msgspec.json.Encoder()


def metered_of(value: v16.MeterValue) -> Metered:
    """One moment. A value that is no number stays what it is; 1,234 might be either of two numbers and is none."""
    gathering = Gathering(instant(value.timestamp))
    for one in value.sampled_value:
        if one.format == "SignedData":
            signed = SignedValue(one.value.encode("utf-8", "surrogatepass"))
            gathering.add_signed(signed, _sample(None, one))
            continue
        number = _number(one.value)
        if number is None:
            gathering.add_unreadable(one.value, Problem.NO_NUMBER, _sample(None, one))
        else:
            gathering.add(
                number,
                one.measurand or None,
                one.unit or None,
                None,
                one.phase or None,
                one.location or None,
                one.context or None,
            )
    return gathering.metered()


def _number(text: str) -> Decimal | None:
    try:
        number = decimal_of(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _sample(value: Decimal | None, one: v16.SampledValue) -> Sample:
    return Sample(
        value=value,
        measurand=one.measurand or None,
        unit=one.unit or None,
        phase=one.phase or None,
        location=one.location or None,
        context=one.context or None,
    )


async def on_meter_values(owner: Owner, link: Link, work: Work, call: v16.MeterValues) -> v16.MeterValuesResponse:
    """Section 4.7. Whatever the values are, the answer confirms that they have arrived."""
    report = Report(
        place_of_number(link.station, call.connector_id),
        None if call.transaction_id is UNSET else call.transaction_id,
        tuple([metered_of(value) for value in call.meter_value]),
        int.from_bytes(blake2b(_ENCODER.encode(call.meter_value), digest_size=8).digest(), signed=True),
    )
    await actions.hear(owner, link, work, report)
    return v16.MeterValuesResponse()


def hears(owner: Owner) -> Hears:
    """What is heard, and by whom. `owner` knows which transaction readings belong to."""
    return {v16.MeterValues: partial(on_meter_values, owner)}


SAYS: Final[Says] = MappingProxyType({})
"""Nothing is said about meters: values are asked for with a trigger (remote_control)."""
