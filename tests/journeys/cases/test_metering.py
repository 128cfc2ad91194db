"""Certification cases of 2.0.1, block J: values of meters, by the clock and by the transaction, signed and not."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool2 import BEGIN, CLOCK, END, PERIODIC, Tool2, in_both_versions, sample, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

SIGNED = {
    "signed_meter_data": base64.b64encode(b'OCMF|{"FV":"1.0"}|{"SA":"ECDSA"}').decode(),
    "signing_method": "ECDSA-secp256r1-SHA256",
    "encoding_method": "OCMF",
    "public_key": base64.b64encode(b"oca:base16:asn1:3059").decode(),
}


async def by_the_clock(cs: Tool2, evse_ids: Sequence[int], wh: float) -> None:
    """Values of the whole station and of EVSEs, told both ways there are."""
    for evse_id in evse_ids:
        await cs.tool.say("MeterValues", evse_id=evse_id, meter_value=[sample(cs.tool.now(), CLOCK, wh)])
        place = {"evse": {"id": evse_id}} if evse_id else {}
        await cs.notify({"name": "FiscalMetering", **place}, "EnergyImport", str(wh), "Periodic")


async def test_TC_J_01_CSMS_by_the_clock_while_nothing_charges(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        for wh in (100, 200, 300):
            await by_the_clock(cs, (0, 1, 2), wh)
        for evse_id in (0, 1, 2):
            assert await cs.tool.readings(evse_id) == [(CLOCK, 100), (CLOCK, 200), (CLOCK, 300)]


async def test_TC_J_02_CSMS_by_the_clock_while_it_charges(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        for wh in (100, 200, 300):
            await by_the_clock(cs, (0, 2), wh)
            await cs.session.event("MeterValueClock", meter=[sample(cs.tool.now(), CLOCK, wh)])
        for evse_id in (0, 1, 2):
            assert await cs.tool.readings(evse_id) == [(CLOCK, 100), (CLOCK, 200), (CLOCK, 300)]
        counted = "SELECT count(*) FROM meter_value WHERE station_id = :key AND transaction_id IS NOT NULL"
        assert await site.rows(counted, key=cs.tool.known.key) == [(3,)]


async def ended(cs: Tool2, context: str, signed: dict[str, Any] | None = None) -> None:
    """Charge, and end with values read on the way, the last at the end."""
    await cs.session.energy_transfer()
    values = [sample(cs.tool.now(), one, wh, signed) for one, wh in ((context, 100), (context, 200), (END, 300))]
    await cs.session.ev_disconnected(values)
    await cs.session.ended("EVDisconnected")
    assert await cs.tool.readings(1) == [(context, 100), (context, 200), (END, 300)]


async def signed_values(cs: Tool2) -> list[tuple[Any, ...]]:
    """What was signed, byte for byte."""
    return await cs.tool.site.rows(
        "SELECT context, data, encoding, method, public_key FROM signed_value WHERE station_id = :key"
        " ORDER BY station_time",
        key=cs.tool.known.key,
    )


def as_it_came(*contexts: str) -> list[tuple[Any, ...]]:
    text = {name: value.encode() for name, value in SIGNED.items()}
    return [
        (one, text["signed_meter_data"], SIGNED["encoding_method"], SIGNED["signing_method"], text["public_key"])
        for one in contexts
    ]


async def test_TC_J_03_CSMS_by_the_clock_with_the_end(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await ended(cs, CLOCK)


async def test_TC_J_04_CSMS_by_the_clock_with_the_end_and_signed(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await ended(cs, CLOCK, SIGNED)
        assert await signed_values(cs) == as_it_came(CLOCK, CLOCK, END)


async def test_TC_J_07_CSMS_with_the_beginning(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.ev_connected([sample(cs.tool.now(), BEGIN)])
        assert await cs.tool.readings(1) == [(BEGIN, 1000)]


async def test_TC_J_08_CSMS_at_the_beginning_once_the_evse_is_known(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.authorized()
        await cs.session.ev_connected([sample(cs.tool.now(), BEGIN)])
        assert await cs.tool.readings(1) == [(BEGIN, 1000)]
        await cs.session.energy_transfer()
        begin = "SELECT register_begin_wh FROM transaction WHERE station_id = :key"
        assert await site.rows(begin, key=cs.tool.known.key) == [(1000,)]


async def test_TC_J_09_CSMS_while_it_charges(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.session.energy_transfer()
        for wh in (100, 200, 300):
            await cs.session.event("MeterValuePeriodic", meter=[sample(cs.tool.now(), PERIODIC, wh)])
        assert await cs.tool.readings(1) == [(PERIODIC, 100), (PERIODIC, 200), (PERIODIC, 300)]


async def test_TC_J_10_CSMS_with_the_end(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await ended(cs, PERIODIC)


async def test_TC_J_11_CSMS_with_the_end_and_signed(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await ended(cs, PERIODIC, SIGNED)
        assert await signed_values(cs) == as_it_came(PERIODIC, PERIODIC, END)
