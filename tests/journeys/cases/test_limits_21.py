"""Use case E16 of 2.1: limits that come with a start from afar. Nothing here is a certification case: those begin with a card."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from forecourt.csms.blocks.provisioning.commands import GetVariables
from forecourt.csms.blocks.provisioning.model import Name
from forecourt.csms.blocks.remote_control.model import StartCharging
from forecourt.csms.blocks.transactions.model import LimitsBody
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.ocpp.versions import V21
from tests.journeys.cases.conftest import serving
from tests.journeys.cases.tool2 import BEGIN, PERIODIC, Json, Session, Tool2, sample, station2
from tests.journeys.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGREED = {"status": "Accepted"}
SETTINGS = {
    Name.of("TxCtrlr", "SupportedLimits"): "maxEnergy,maxTime,maxCost",
    Name.of("SampledDataCtrlr", "TxUpdatedInterval"): "60",
    Name.of("SampledDataCtrlr", "TxUpdatedMeasurands"): "Energy.Active.Import.Register",
}
FOUND = {
    "get_variable_result": [
        {
            "attribute_status": "Accepted",
            "attribute_value": value,
            "component": {"name": name.component.name},
            "variable": {"name": name.variable.name},
        }
        for name, value in SETTINGS.items()
    ]
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A management system that reckons cost."""
    async with serving(server, tmp_path_factory.mktemp("csms"), price_per_kwh="0.50") as running:
        yield running


def limit_told(session: Session) -> Json | None:
    """The limit in the newest answer, if there is one."""
    limit: Json | None = session.answer.transaction_limit
    return limit


async def begun(cs: Tool2, limits: LimitsBody) -> None:
    """The vehicle is there; the operator starts with limits, and energy flows at once."""
    await cs.tool.ordered(GetVariables(tuple(SETTINGS)), "GetVariables")
    await cs.status("Occupied")
    asked = await cs.tool.ordered(StartCharging(cs.card, evse_id=1, limits=limits), "RequestStartTransaction")
    meter = [sample(cs.tool.now(), BEGIN)]
    number = asked.question["remote_start_id"]
    await cs.session.accepted("RemoteStart", remote_start_id=number, state="Charging", meter=meter)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(LimitsBody(energy_wh=2000), {"max_energy": 2000}, id="energy"),
        pytest.param(LimitsBody(time_s=600), {"max_time": 600}, id="time"),
    ],
)
async def test_E16_FR_02_a_limit_from_here_is_in_the_first_answer_and_not_repeated(
    site: Site, limits: LimitsBody, words: Json
) -> None:
    async with station2(site, V21, GetVariables=FOUND, RequestStartTransaction=AGREED) as cs:
        await begun(cs, limits)
        assert limit_told(cs.session) == words
        await cs.session.event("LimitSet", limit=words)
        assert limit_told(cs.session) is None
        reached = {"max_energy": "EnergyLimitReached", "max_time": "TimeLimitReached"}[next(iter(words))]
        await cs.session.event(reached, state="SuspendedEVSE", limit=words)
        assert limit_told(cs.session) is None
        record = await cs.tool.record()
        assert (record["limits_confirmed"], record["limits_reached"]) == ([limit_name(words)], [limit_name(words)])


def limit_name(words: Json) -> str:
    return {"max_energy": "maxEnergy", "max_time": "maxTime"}[next(iter(words))]


async def test_E16_FR_11_a_limit_of_cost_comes_with_the_cost_so_far(site: Site) -> None:
    async with station2(site, V21, GetVariables=FOUND, RequestStartTransaction=AGREED) as cs:
        await begun(cs, LimitsBody(cost="10"))
        session = cs.session
        assert (limit_told(session), session.answer.total_cost) == ({"max_cost": 10}, 0)
        await session.event("LimitSet", limit={"max_cost": 10})
        assert (limit_told(session), session.answer.total_cost) == (None, 0)
        await session.event("MeterValuePeriodic", meter=[sample(cs.tool.now(), PERIODIC, 1100)])
        assert (limit_told(session), session.answer.total_cost) == (None, pytest.approx(0.05))
