"""Our station against our management system over TLS: it is raised to the security profile with certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.blocks.provisioning.commands import (
    NetworkProfile,
    Reset,
    ResetKind,
    SetNetworkProfile,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.model import KEYS_COMPONENT, Component, Given, Variable
from forecourt.csms.stations.commands import Command, CommandStatus
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.ocpp.versions import V16, Version
from forecourt.station.blocks.certificates.model import Identity, Use
from forecourt.station.blocks.certificates.store import endow, trust
from forecourt.station.config import Build
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered, preset
from forecourt.station.storage import Memory
from forecourt.station.timeline import RealTimeline
from tests.journeys.site import BOTH_2, PASSWORD, Site
from tests.journeys.test_door import OWNER, authority, named, site_with_tls
from tests.transport.authority import Authority

__all__ = ["authority", "site_with_tls"]

DONE = (CommandStatus.ACCEPTED, CommandStatus.RUNNING, CommandStatus.FINISHED)


def identity(trusted: Authority) -> Identity:
    """A certificate that the management system takes."""
    pair = trusted.issue("CS001", "CS001", organization=OWNER)
    return Identity(key=Path(pair.key).read_text(), chain=Path(pair.chain).read_text())


@asynccontextmanager
async def powered(site: Site, version: Version, trusted: Authority) -> AsyncIterator[Powered]:
    """A station of security profile 2 that has what profile 3 needs."""
    storage = Memory()
    trust(storage, Use.CSMS, trusted.roots)
    endow(storage, identity(trusted))
    preset(
        storage,
        {
            "SecurityCtrlr.BasicAuthPassword": PASSWORD,
            "OCPPCommCtrlr.RetryBackOffWaitMinimum": "1",
            "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
        },
    )
    storage.commit()
    build = Build(identity="CS001", versions=(version,), security_profile=2)
    time = RealTimeline(SYSTEM)
    link = OnlineLink(site.url)
    station = Powered(build, time, link, SimulatedHardware(build, time), storage)
    station.power_on()
    try:
        yield station
    finally:
        station.cut_power()
        await link.aclose()
        time.close()


async def ordered(site: Site, known: Station, command: Command) -> None:
    order = await site.csms.sending.ask(known, command, asked_by="Ada")
    status, reason = await site.settled(order)
    assert status in DONE, reason


async def connections(site: Site, count: int) -> None:
    await site.until("SELECT count(*) FROM event WHERE kind = 'StationConnected'", [(count,)])


def profile_of(station: Powered) -> int:
    assert station.station is not None
    return station.station.model.integer("SecurityCtrlr", "SecurityProfile")


@pytest.mark.parametrize("version", BOTH_2, ids=named)
async def test_A05_a_station_is_raised_to_certificates_by_a_network_profile(
    site_with_tls: Site, authority: Authority, version: Version
) -> None:
    site = site_with_tls
    known = await site.announce("CS001", profile=SecurityProfile.TLS_BASIC)
    async with powered(site, version, authority) as station:
        await connections(site, 1)
        await site.until("SELECT count(*) FROM event WHERE kind = 'StationBooted'", [(1,)])
        target = NetworkProfile(csms_url=site.url, interface="Wired0", security_profile=3)
        await ordered(site, known, SetNetworkProfile(2, target))
        priority = Given(Component("OCPPCommCtrlr"), Variable("NetworkConfigurationPriority"), "2,1")
        await ordered(site, known, SetVariables((priority,)))
        await ordered(site, known, Reset(ResetKind.ON_IDLE))
        await site.until("SELECT count(*) FROM event WHERE kind = 'StationBooted'", [(2,)])
        assert profile_of(station) == 3
        await site.until("SELECT security_profile FROM station WHERE wire_id = 'CS001'", [(3,)])


async def test_A05_a_station_of_1_6_is_raised_to_certificates_by_its_key(
    site_with_tls: Site, authority: Authority
) -> None:
    site = site_with_tls
    known = await site.announce("CS001", profile=SecurityProfile.TLS_BASIC)
    async with powered(site, V16, authority) as station:
        await site.until("SELECT count(*) FROM event WHERE kind = 'StationBooted'", [(1,)])
        await ordered(site, known, SetVariables((Given(Component(KEYS_COMPONENT), Variable("SecurityProfile"), "3"),)))
        await site.until("SELECT security_profile FROM station WHERE wire_id = 'CS001'", [(3,)])
        await connections(site, 2)
        assert profile_of(station) == 3
