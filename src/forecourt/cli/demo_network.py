"""What the management system of the demo is told once: sites, stations and the cards of drivers. Again is harmless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from forecourt.charging.tokens import Token, TokenKind
from forecourt.cli.demo_stations import Make
from forecourt.csms.app import Csms
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import TokenData
from forecourt.csms.sites import actions as sites
from forecourt.csms.sites.store import site as site_table
from forecourt.csms.stations import actions
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.model import SiteKey
from forecourt.csms.store.work import Work
from forecourt.errors import Conflict

PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Market Hall": {"address": "Marktplatz 1, Freiburg", "latitude_degrees": 47.9959, "longitude_degrees": 7.8522},
    "Station Garage": {
        "address": "Bismarckallee 9, Freiburg",
        "latitude_degrees": 47.9977,
        "longitude_degrees": 7.8412,
    },
    "Harbour": {"address": "Hafenstrasse 3, Breisach", "latitude_degrees": 48.0287, "longitude_degrees": 7.5797},
}


async def announce(
    csms: Csms, makes: Sequence[Make], passwords: Mapping[str, str], *, cards: Mapping[str, str], blocked: str
) -> None:
    """Make known what is not known yet. What somebody has changed or removed meanwhile stays as it is, once it was known."""
    async with csms.store.work() as work:
        places = await _sites(work, csms)
    if any(csms.stations.named(make.identity) is not None for make in makes):
        return
    for name, card in cards.items():
        await _hand_out(csms, card, visual=name)
    await _hand_out(csms, blocked, visual="lost", block="reported as lost")
    for make in makes:
        if not make.announced:
            continue
        async with csms.store.work() as work:
            station = await actions.add(
                work,
                wire_id=make.identity,
                organisation=csms.organisation,
                site=places.get(make.site),
                name=make.name,
                password_hmac=digest(passwords[make.identity], csms.pepper),
                soap=make.soap,
            )
        csms.stations.add(station)


async def _sites(work: Work, csms: Csms) -> dict[str, SiteKey]:
    connection = await work.sql()
    found = await connection.execute(
        select(site_table.c.id, site_table.c.name).where(site_table.c.organisation_id == csms.organisation)
    )
    known = {row.name: SiteKey(row.id) for row in found}
    if not known:
        for name, more in PLACES.items():
            key = await sites.add(work, csms.organisation, {"name": name, "time_zone": "Europe/Berlin", **more})
            known[name] = SiteKey(key)
    return known


async def _hand_out(csms: Csms, value: str, *, visual: str, block: str = "") -> None:
    data = TokenData(token=Token(value, TokenKind.ISO14443), visual_number=visual)
    try:
        async with csms.store.work() as work:
            known = await tokens.add(work, csms.organisation, data)
            if block:
                await tokens.block(work, known.key, block)
    except Conflict:
        # An earlier start was cut off here.
        pass
