"""States that scripts of 1.6 begin in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from forecourt.charging.tokens import Token
from forecourt.csms.stations.model import Station
from forecourt.ocpp.versions import V16
from tests.journeys.cases.tool import BASIC, Proof, Tool, connected, hand_out
from tests.journeys.site import Site

CONNECTORS = (1, 2)


class Tool16:
    """A station of 1.6 with two connectors; scripts use the first."""

    def __init__(self, tool: Tool, card: Token) -> None:
        self.tool = tool
        self.card = card
        self.transaction = 0

    async def booted(self) -> None:
        """State Booted."""
        assert (await self.boot()).status == "Accepted"
        await self.all_connectors("Available")

    async def boot(self) -> Any:
        """Announce itself."""
        return await self.tool.say("BootNotification", charge_point_vendor="Acme", charge_point_model="Wallbox")

    async def all_connectors(self, status: str, first: str | None = None) -> None:
        """One StatusNotification per connector, and one for the station as a whole. `first` is what connector 1 says."""
        for number in (0, *CONNECTORS):
            await self.status(status if first is None or number != 1 else first, number)

    async def status(self, status: str, connector: int = 1, error: str = "NoError") -> None:
        """A StatusNotification, answered."""
        said = {"connector_id": connector, "error_code": error, "status": status, "timestamp": self.tool.now()}
        await self.tool.say("StatusNotification", **said)
        if connector:
            # Connector n of 1.6 is EVSE n, unless more is known.
            assert (connector, 1, status) in await self.tool.connectors()

    async def authorize(self, token: Token) -> str:
        """An Authorize; returns the verdict."""
        return str((await self.tool.say("Authorize", id_tag=token.value)).id_tag_info["status"])

    async def authorized(self) -> None:
        """State Authorized."""
        assert await self.authorize(self.card) == "Accepted"

    async def start(self, token: Token, *, at: str | None = None, reservation_id: int | None = None) -> str:
        """A StartTransaction; returns the verdict. The number is a positive one of 32 bits, whatever it is."""
        reserved = {} if reservation_id is None else {"reservation_id": reservation_id}
        answer = await self.tool.say(
            "StartTransaction",
            connector_id=1,
            id_tag=token.value,
            meter_start=1000,
            timestamp=self.tool.now() if at is None else at,
            **reserved,
        )
        self.transaction = answer.transaction_id
        assert 0 < self.transaction < 2**31
        return str(answer.id_tag_info["status"])

    async def stop(self, reason: str, token: Token | None = None, *, at: str | None = None) -> None:
        """A StopTransaction, answered, and on record with its reason."""
        by = {} if token is None else {"id_tag": token.value}
        answer = await self.tool.say(
            "StopTransaction",
            transaction_id=self.transaction,
            meter_stop=1500,
            timestamp=self.tool.now() if at is None else at,
            reason=reason,
            **by,
        )
        if token is not None:
            assert answer.id_tag_info["status"] == "Accepted"

    async def charging(self, *, reservation_id: int | None = None) -> None:
        """State Charging."""
        await self.authorized()
        await self.status("Preparing")
        assert await self.start(self.card, reservation_id=reservation_id) == "Accepted"
        await self.status("Charging")

    async def ended(self) -> dict[str, Any]:
        """What is on record of the only transaction, which is over."""
        record = await self.tool.record()
        assert (record["number"], record["ended_by"]) == (self.transaction, "station")
        return record


@asynccontextmanager
async def station16(
    site: Site, *, known: Station | None = None, proof: Proof = BASIC, **answers: Mapping[str, Any]
) -> AsyncGenerator[Tool16, None]:
    """A station of 1.6, connected; `answers` by action."""
    card = await hand_out(site)
    async with connected(site, V16, answers, known=known, proof=proof) as tool:
        yield Tool16(tool, card)
