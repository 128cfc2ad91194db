"""Certification cases of 1.6 for stations: raising the security profile, and what is sent when connecting."""

from __future__ import annotations

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16
from tests.station.cases.test_station_16 import statuses
from tests.station.networking import World
from tests.station.rig import Rig
from tests.station.signing import certified

PASSWORD = "OCA_OCTT_admin_test"


def change(rig: Rig, profile: int) -> str:
    answer: v16.ChangeConfigurationResponse = rig.ask(
        v16.ChangeConfiguration(key="SecurityProfile", value=str(profile))
    )
    return answer.status


@pytest.mark.parametrize("current", [1, 2])
def test_TC_083_CS_the_security_profile_is_raised(current: int) -> None:
    rig = certified(V16, built=current)
    rig.set("AuthorizationKey", PASSWORD.encode().hex())
    rig.time.advance(60)
    there = World(rig)
    assert change(rig, current + 1) in ("Accepted", "RebootRequired")
    there.only = current + 1
    rig.time.advance(60)
    assert [route.security_profile for route in there.tried] == [current + 1]
    assert rig.station.online
    there.tried.clear()
    rig.fresh()
    assert rig.ask(v16.Reset(type="Hard")).status == "Accepted"
    rig.time.advance(20)
    assert [route.security_profile for route in there.tried] == [current + 1]
    assert rig.of(v16.BootNotification)
    assert statuses(rig)[-1] == statuses(rig, 0)[-1] == "Available"


@pytest.mark.parametrize("current", [2, 3])
def test_TC_084_CS_the_security_profile_is_not_lowered(current: int) -> None:
    rig = certified(V16, built=current)
    assert change(rig, current - 1) == "Rejected"
    rig.time.advance(60)
    assert rig.station.model.integer("SecurityCtrlr", "SecurityProfile") == current
