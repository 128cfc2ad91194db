"""Meter values in the words of 2.0.1 and 2.1: numbers, units with multipliers, signed values beside the number."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.charging.readings import Sample, SignedValue
from forecourt.charging.topology import Place
from forecourt.csms.blocks.metering import actions
from forecourt.csms.blocks.metering.model import Gathering, Metered, Owner, Report, instant
from forecourt.csms.stations.dialects import Hears, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v2

_ENCODER: Final = msgspec.json.Encoder()


def metered_of(value: v2.MeterValue) -> Metered:
    """One moment: its time applies to all its values (J01.FR.17, J02.FR.18)."""
    gathering = Gathering(instant(value.timestamp))
    for one in value.sampled_value:
        said = one.unit_of_measure
        unit: str | None = None
        multiplier: int | None = None
        if said is not UNSET:
            unit, multiplier = said.unit or None, said.multiplier or None
        if one.signed_meter_value is UNSET:
            gathering.add(
                one.value,
                one.measurand or None,
                unit,
                multiplier,
                one.phase or None,
                one.location or None,
                one.context or None,
            )
        else:
            sample = Sample(
                value=one.value,
                measurand=one.measurand or None,
                unit=unit,
                multiplier=multiplier or 0,
                phase=one.phase or None,
                location=one.location or None,
                context=one.context or None,
            )
            gathering.add_signed(_signed(one.signed_meter_value), sample)
    return gathering.metered()


def _signed(value: v2.SignedMeterValue) -> SignedValue:
    return SignedValue(
        value.signed_meter_data.encode("utf-8", "surrogatepass"),
        value.encoding_method,
        value.signing_method or "",
        (value.public_key or "").encode("utf-8", "surrogatepass"),
    )


async def on_meter_values(owner: Owner, link: Link, work: Work, call: v2.MeterValues) -> v2.MeterValuesResponse:
    """J01.FR.18. Clock-aligned values of an EVSE during a transaction count for it too (J01.FR.22)."""
    report = Report(
        Place(EvseId(call.evse_id)),
        None,
        tuple([metered_of(value) for value in call.meter_value]),
        int.from_bytes(blake2b(_ENCODER.encode(call.meter_value), digest_size=8).digest(), signed=True),
    )
    await actions.hear(owner, link, work, report)
    return v2.MeterValuesResponse()


def hears(owner: Owner) -> Hears:
    """What is heard, and by whom. `owner` knows which transaction readings belong to."""
    return {v2.MeterValues: partial(on_meter_values, owner)}


SAYS: Final[Says] = MappingProxyType({})
"""Nothing is said about meters: values are asked for with a trigger (remote_control)."""
