"""Certification cases of 2.0.1 for stations: network profiles (B09, B10), and raising the security profile (A05)."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from tests.station.cases.test_station_201 import statuses, version
from tests.station.cases.test_station_201_certificates import NEXT, installed, succeeded
from tests.station.networking import OTHER, PLAIN, World, configure, prefer, quick, restart, value
from tests.station.rig import Rig
from tests.station.signing import OPERATOR, STRANGER, certified, named, wire

__all__ = ["version"]

ACCEPTED = ("Accepted", "RebootRequired")


def world(version: Version, **more: Any) -> World:
    return World(Rig(version, evses=2, **more))


def booted(rig: Rig) -> None:
    """The reusable state Booted."""
    assert rig.of(v2.BootNotification)
    assert statuses(rig, 1)[-1] == statuses(rig, 2)[-1] == "Available"


def prepared(world: World, attempts: int) -> Rig:
    """A second profile, first in the order; the station is about to start anew."""
    rig = world.rig
    quick(rig, attempts)
    assert configure(rig, 2, PLAIN, 1).status == "Accepted"
    assert prefer(rig, "2,1") in ACCEPTED
    rig.fresh()
    world.tried.clear()
    restart(rig)
    return rig


def test_TC_B_45_CS_the_station_goes_over_to_another_profile(version: Version) -> None:
    there = world(version, security_profile=1)
    rig = prepared(there, 3)
    rig.time.advance(20)
    assert there.urls == [PLAIN]
    booted(rig)
    assert value(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "2"


def test_TC_B_46_CS_the_station_falls_back_to_the_second_profile(version: Version) -> None:
    there = world(version, security_profile=1)
    there.away.add(PLAIN)
    rig = prepared(there, 2)
    rig.time.advance(60)
    assert there.urls == [PLAIN, PLAIN, None]
    booted(rig)
    assert value(rig, "OCPPCommCtrlr", "ActiveNetworkProfile") == "1"


def test_TC_B_49_CS_the_station_goes_on_trying_when_all_profiles_have_failed(version: Version) -> None:
    there = world(version, security_profile=1)
    there.away |= {PLAIN, None}
    rig = prepared(there, 1)
    rig.time.advance(16)
    assert there.urls == [PLAIN, None]
    there.away.clear()
    rig.time.advance(20)
    assert len(there.urls) == 3
    assert there.moments[-1] - there.moments[-2] >= 10
    booted(rig)


def test_TC_B_50_CS_the_station_goes_over_to_a_system_with_another_root(version: Version) -> None:
    rig = certified(version, evses=2)
    there = World(rig)
    assert (
        rig.ask(v2.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=STRANGER.pem)).status
        == "Accepted"
    )
    assert configure(rig, 2, OTHER, 3).status == "Accepted"
    assert prefer(rig, "2,1") in ACCEPTED
    rig.fresh()
    restart(rig)
    rig.time.advance(20)
    (route,) = there.tried
    assert route.url == OTHER
    assert STRANGER.pem in route.roots
    booted(rig)


@pytest.mark.parametrize("current", [1, 2])
def test_TC_A_19_CS_the_security_profile_is_raised(version: Version, current: int) -> None:
    rig = certified(version, evses=2, built=current)
    there = World(rig)
    assert configure(rig, 2, OTHER, current + 1).status == "Accepted"
    assert prefer(rig, "2,1") in ACCEPTED
    rig.fresh()
    restart(rig)
    there.only = current + 1
    rig.time.advance(20)
    assert [(route.url, route.security_profile) for route in there.tried] == [(OTHER, current + 1)]
    booted(rig)
    assert value(rig, "SecurityCtrlr", "SecurityProfile") == str(current + 1)
    assert value(rig, "OCPPCommCtrlr", "NetworkConfigurationPriority") == "2"
    there.tried.clear()
    there.only = current
    rig.link.cut()
    rig.time.advance(600)
    assert {route.security_profile for route in there.tried} == {current + 1}
    assert not rig.station.online
    there.only = current + 1
    rig.time.advance(900)
    assert rig.station.online


def test_TC_A_20_CS_without_a_root_the_security_profile_is_not_raised(version: Version) -> None:
    rig = world(version, security_profile=1).rig
    assert configure(rig, 2, OTHER, 2).status in ("Accepted", "Rejected")
    assert prefer(rig, "2,1") == "Rejected"


def test_TC_A_21_CS_without_a_certificate_the_security_profile_is_not_raised(version: Version) -> None:
    rig = world(version, security_profile=1).rig
    rig.ask(v2.InstallCertificate(certificate_type="CSMSRootCertificate", certificate=OPERATOR.pem))
    assert configure(rig, 2, OTHER, 3).status == "Accepted"
    assert prefer(rig, "2,1") == "Rejected"


@pytest.mark.parametrize("current", [2, 3])
def test_TC_A_22_CS_the_security_profile_is_not_lowered(version: Version, current: int) -> None:
    rig = certified(version, evses=2, built=current)
    assert configure(rig, 2, PLAIN, 1).status == "Rejected"


def test_TC_B_47_CS_the_station_falls_back_to_the_profile_and_the_root_before(version: Version) -> None:
    rig = succeeded(version)
    quick(rig, 1)
    there = World(rig)
    assert configure(rig, 2, OTHER, 3).status == "Accepted"
    assert prefer(rig, "2,1") in ACCEPTED
    rig.link.reached = lambda route: (
        (there.reached(route) is True and OPERATOR.pem in route.roots) or "InvalidCsmsCertificate"
    )
    rig.fresh()
    restart(rig)
    rig.time.advance(30)
    assert [(route.url, route.roots) for route in there.tried] == [(OTHER, NEXT.pem), (None, OPERATOR.pem)]
    booted(rig)
    assert ("CSMSRootCertificate", wire(named(OPERATOR))) in installed(rig, "CSMSRootCertificate")
