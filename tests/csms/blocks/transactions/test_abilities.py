"""What a station's variables say about limits."""

from __future__ import annotations

import pytest

from forecourt.charging.limits import Reporting
from forecourt.csms.blocks.transactions.abilities import VARIABLES, ability_of

SAMPLED, SAMPLED_LIST, ALIGNED, ALIGNED_LIST, LIMITS = VARIABLES
REGISTER = "Energy.Active.Import.Register"


@pytest.mark.parametrize(
    ("values", "energy_s", "soc_s"),
    [
        ({}, None, None),
        ({SAMPLED: "60"}, 60, None),
        ({SAMPLED: "60", SAMPLED_LIST: ""}, None, None),
        ({SAMPLED: "0", SAMPLED_LIST: REGISTER}, None, None),
        ({SAMPLED: "60", SAMPLED_LIST: f"{REGISTER}, SoC,Power.Active.Import"}, 60, 60),
        ({SAMPLED: "60", SAMPLED_LIST: "SoC", ALIGNED: "900", ALIGNED_LIST: REGISTER}, 900, 60),
        ({SAMPLED: "60", ALIGNED: "30", ALIGNED_LIST: REGISTER}, 30, None),
        ({SAMPLED: "often", SAMPLED_LIST: REGISTER}, None, None),
        ({SAMPLED: "-5", SAMPLED_LIST: REGISTER}, None, None),
        ({SAMPLED: "60", SAMPLED_LIST: "Energy.Active.Export.Interval"}, 60, None),
    ],
)
def test_how_often_readings_come(values: dict[tuple[str, str], str], energy_s: int | None, soc_s: int | None) -> None:
    assert ability_of(values).reporting == Reporting(energy_every_s=energy_s, soc_every_s=soc_s)


def test_E16_FR_12_which_limits_a_station_observes_itself() -> None:
    assert ability_of({}).limits == frozenset()
    assert ability_of({LIMITS: "maxEnergy, maxTime,"}).limits == {"maxEnergy", "maxTime"}
