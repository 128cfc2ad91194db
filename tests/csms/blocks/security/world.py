"""Who is there in these tests: the station of the tests of provisioning, with the words of this block."""

from __future__ import annotations

from forecourt.csms.blocks.security import v2 as block_v2
from forecourt.csms.blocks.security import v16 as block_v16
from forecourt.csms.blocks.security.rotation import Security
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import V16, Version
from tests.csms.blocks.provisioning import world as provisioning
from tests.csms.blocks.provisioning.world import VERSIONS, World

PEPPER = b"0123456789abcdef0123456789abcdef"
OLD = "the-old-password-1"


def security_of(store: Store) -> Security:
    """What this block needs."""
    return Security(store=store, pepper=PEPPER)


async def world_of(store: Store, version: Version, station: Station | None = None) -> World:
    """A world in which CS1 speaks `version` and proves itself with the password OLD."""
    world = await provisioning.world_of(store, version, station=station)
    await world.change(password_hmac=digest(OLD, PEPPER))
    return speaking(world)


def speaking(world: World) -> World:
    """The same world, with the words of this block."""
    version, store = world.link.dialect.version, world.store
    world.station.credentials.password_hmacs = (digest(OLD, PEPPER),)
    tables = block_v16 if version is V16 else block_v2
    dialect = Dialect(version, tables.HEARS, tables.says(security_of(store)))
    world.stations.leave(world.link)
    world.link = Link(world.station, dialect, world.wire, 1)
    world.stations.enter(world.link)
    return world


__all__ = ["OLD", "PEPPER", "VERSIONS", "World", "security_of", "speaking", "world_of"]
