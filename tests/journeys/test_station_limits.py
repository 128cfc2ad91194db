"""Our station and our management system agree on the limits of transactions (E16), over real sockets and in real time."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.provisioning.commands import GetVariables
from forecourt.csms.blocks.provisioning.model import Name
from forecourt.csms.blocks.remote_control.model import StartCharging
from forecourt.csms.blocks.transactions.model import LimitsBody
from forecourt.ocpp.versions import V21
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.journeys.site import CARD, Site
from tests.journeys.test_stations import powered

SLOW = Model(ac_phases=1, ac_current_a=0.03)
"""Takes 7 W: between where our station stops and the limit lie 5 s, so a machine that is late by less proves the same."""
LIMIT_WH = 0.02
REACHED = "SELECT limits_confirmed, limits_reached, stops_asked, ended_at IS NULL FROM transaction"


async def test_E16_the_station_confirms_a_limit_and_stops_at_it_by_itself(site: Site, tmp_path: Path) -> None:
    known = await site.announce("CS001")
    await site.hand_out(CARD)
    async with powered(site, (V21, False), tmp_path) as (_, hardware):
        await site.until("SELECT count(*) FROM connector WHERE wire_status = 'Available' AND connector_id = 1", [(1,)])
        asked = GetVariables((Name.of("TxCtrlr", "SupportedLimits"),))
        await site.settled(await site.csms.sending.ask(known, asked, asked_by="Ada"))
        hardware.plug(Vehicle(SLOW, soc=0.2))
        start = StartCharging(Token(CARD, "ISO14443"), evse_id=1, limits=LimitsBody(energy_wh=LIMIT_WH))
        await site.csms.sending.ask(known, start, asked_by="Ada")
        await site.until(REACHED, [(["maxEnergy"], ["maxEnergy"], [], True)])
        measured = hardware.measure(EvseId(1))
        assert measured.power_w == 0
        assert 0 < measured.import_wh <= Decimal(str(LIMIT_WH))
