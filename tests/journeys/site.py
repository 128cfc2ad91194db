"""A running management system as these tests use it: stations and tokens to announce, and what is on record afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from forecourt.charging.tokens import Token
from forecourt.csms.app import Csms
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import TokenData
from forecourt.csms.stations import actions
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.credentials import digest
from forecourt.csms.stations.model import Registration, SecurityProfile, Station
from forecourt.csms.stations.orders import Order
from forecourt.ocpp.versions import V16, V21, V201

PASSWORD: Final = "a-password-for-stations"
CARD: Final = "04A1B2C3"
STRANGER: Final = "FFFFFFFF"
LIMIT_S: Final = 30.0
"""The longest that anything here may take. Nothing is slow that works."""

VERSIONS: Final = [V16, V201, V21]
BOTH_2: Final = [V201, V21]

UNDER_WAY: Final = frozenset({CommandStatus.QUEUED, CommandStatus.SENT})


class Site:
    """What a test holds of the management system."""

    def __init__(self, csms: Csms, *, secure: bool = False) -> None:
        self.csms = csms
        scheme = "wss" if secure else "ws"
        self.url = f"{scheme}://127.0.0.1:{csms.port}/ocpp"
        self.soap_url = f"http://127.0.0.1:{csms.port}/ocpp"

    async def announce(
        self,
        wire_id: str,
        *,
        registration: Registration = Registration.ACCEPTED,
        soap: bool = False,
        soap_address: str = "",
        profile: SecurityProfile = SecurityProfile.BASIC,
    ) -> Station:
        """Make a station known, with `PASSWORD`."""
        async with self.csms.store.work() as work:
            station = await actions.add(
                work,
                wire_id=wire_id,
                organisation=self.csms.organisation,
                password_hmac=digest(PASSWORD, self.csms.pepper),
                registration=registration,
                soap=soap,
                soap_address=soap_address,
                profile=profile,
            )
        self.csms.stations.add(station)
        return station

    async def hand_out(self, value: str, kind: str = "ISO14443") -> None:
        """Give a driver a token."""
        async with self.csms.store.work() as work:
            await tokens.add(work, self.csms.organisation, TokenData(token=Token(value, kind)))

    async def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database answers."""
        async with self.csms.store.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question), values)]

    async def until(self, question: str, expected: Sequence[tuple[Any, ...]], **values: Any) -> None:
        """Ask the database until it answers what is expected; each question lets everything else go on meanwhile."""
        found: list[tuple[Any, ...]] = []
        try:
            async with asyncio.timeout(LIMIT_S):
                while (found := await self.rows(question, **values)) != list(expected):
                    pass
        except TimeoutError:
            raise AssertionError(f"{question}: {found}, not {expected}") from None

    async def settled(self, order: Order) -> tuple[CommandStatus, str]:
        """What became of a command, once its station has answered."""
        async with asyncio.timeout(LIMIT_S):
            while order.status in UNDER_WAY:
                await self.rows("SELECT 1")
        recorded = await self.rows("SELECT status, reason FROM command WHERE id = :id", id=order.id)
        assert recorded == [(order.status.value, order.reason)]
        return order.status, order.reason

    async def record(self, station: Station) -> dict[str, Any]:
        """The one transaction of a station."""
        async with self.csms.store.database.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT * FROM transaction WHERE station_id = :key"), {"key": station.key}
            )
            return dict(found.mappings().one())

    async def kinds(self, station: Station, like: str = "%") -> list[str]:
        """What happened to a station, by kind."""
        found = await self.rows(
            "SELECT kind FROM event WHERE station_id = :key AND kind LIKE :like ORDER BY xid, id",
            key=station.key,
            like=like,
        )
        return [kind for (kind,) in found]

    async def connector(self, station: Station) -> list[tuple[Any, ...]]:
        """The states of a station's connectors, in its own words."""
        return await self.rows(
            "SELECT evse_id, connector_id, wire_status FROM connector WHERE station_id = :key ORDER BY 1, 2",
            key=station.key,
        )
