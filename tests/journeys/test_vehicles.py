"""Our station against our management system: vehicles that speak ISO 15118, and meters that sign."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.device_model.table import Name
from forecourt.station.hardware.interface import ContractRequest
from forecourt.station.hardware.vehicle import Vehicle
from forecourt.station.running import Powered
from tests.journeys.site import CARD, LIMIT_S, Site
from tests.journeys.test_stations import powered
from tests.station.vehicles import CONTRACT


async def soon(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not happened():
            await SYSTEM.sleep(0)


def set_(powered: Powered, component: str, variable: str, value: str = "true") -> None:
    station = powered.station
    assert station is not None
    station.turn(lambda: station.model.set(Name(component, variable), value))


@pytest.mark.parametrize("version", [V201, V21], ids=str)
async def test_a_vehicle_without_a_contract_that_counts_here_charges_by_card(
    site: Site, version: Version, tmp_path: Path
) -> None:
    await site.announce("CS001")
    await site.hand_out(CARD)
    async with powered(site, (version, False), tmp_path) as (station, hardware):
        await site.until("SELECT count(*) FROM connector WHERE wire_status = 'Available' AND connector_id = 1", [(1,)])
        set_(station, "ISO15118Ctrlr", "CentralContractValidationAllowed")
        vehicle = Vehicle(soc=0.2)
        vehicle.contract, vehicle.asks = CONTRACT, ContractRequest(exi="gJgCAAAA")
        hardware.plug(vehicle)
        await soon(lambda: vehicle.received)
        # Nobody here issues contracts.
        assert vehicle.received == [None]
        hardware.unplug()
        vehicle.asks = None
        hardware.plug(vehicle)
        await soon(lambda: vehicle.paid is not None)
        assert vehicle.paid is False
        hardware.swipe(CARD)
        await site.until("SELECT count(*) FROM event WHERE kind = 'TransactionStarted'", [(1,)])
        assert station.station is not None
        assert [str(bay.authorization and bay.authorization.token) for bay in station.station.bays.values()] == [
            f"ISO14443 {CARD}"
        ]


async def test_what_a_meter_has_signed_is_kept_in_1_6(site: Site, tmp_path: Path) -> None:
    await site.announce("CS001")
    await site.hand_out(CARD)
    async with powered(site, (V16, False), tmp_path) as (station, hardware):
        await site.until("SELECT count(*) FROM connector WHERE wire_status = 'Available' AND connector_id = 1", [(1,)])
        set_(station, "SampledDataCtrlr", "SignReadings")
        set_(station, "SampledDataCtrlr", "SignStartedReadings")
        set_(station, "SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register")
        hardware.plug(Vehicle(soc=0.2))
        hardware.swipe(CARD)
        await site.until("SELECT count(*) FROM signed_value WHERE context = 'Transaction.Begin'", [(1,)])
        hardware.swipe(CARD)
        await site.until("SELECT count(*) FROM event WHERE kind = 'TransactionEnded'", [(1,)])
        await site.until("SELECT count(*) FROM signed_value WHERE context = 'Transaction.End'", [(1,)])
        ((data,),) = await site.rows("SELECT data FROM signed_value WHERE context = 'Transaction.End'")
        assert b64decode(json.loads(bytes(data))["signedMeterData"]).startswith(b"OCMF|")
