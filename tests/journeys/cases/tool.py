"""The test tool's end of a certification case: a station that does what the script says, and notes what it is asked.

What the scripts of all versions have in common. The states that scripts begin in are in `tool16` and `tool2`.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ocpp.exceptions import NotImplementedError as NotImplementedHere

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import KnownToken, TokenData
from forecourt.csms.blocks.transactions.model import Reference, TransactionKey
from forecourt.csms.stations.commands import Command, CommandStatus
from forecourt.csms.stations.model import Station
from forecourt.ocpp.versions import V16, Version
from tests.interop.foreign import MODULES
from tests.journeys.driver import Driver, began, station
from tests.journeys.site import PASSWORD, Site

ACCEPTED: Final = CommandStatus.ACCEPTED
REFUSED: Final = CommandStatus.REFUSED
RUNNING: Final = CommandStatus.RUNNING

Answers = Mapping[str, Mapping[str, Any]]

BACK_S: Final = 120

_NUMBERS: Final = itertools.count(1)


class Asked(NamedTuple):
    """A command as the station got it, and what became of it here."""

    question: dict[str, Any]
    status: CommandStatus
    word: str


class Tool:
    """A station under a script. `answers` says how it answers, by action, and may be changed as the script goes on."""

    def __init__(
        self, site: Site, known: Station, driver: Driver, answers: dict[str, Mapping[str, Any]], since_s: int
    ) -> None:
        self.site = site
        self.known = known
        self.driver = driver
        self.version = driver.version
        self.answers = answers
        self._seconds = itertools.count(since_s)

    def now(self) -> str:
        """The next moment: every message of a script is a second later than the one before."""
        return self.driver.at(next(self._seconds))

    async def say(self, action: str, **fields: Any) -> Any:
        """Call the management system; the answer is checked against the schema by the package."""
        return await self.driver.say(action, **fields)

    async def asked(self, action: str) -> dict[str, Any]:
        """Wait for the next question of that kind."""
        return await self.driver.asked.next(action)

    async def ordered(self, command: Command, action: str) -> Asked:
        """Have the management system do what an operator would click; `action` is what the station must then be asked."""
        order = await self.site.csms.sending.ask(self.known, command, asked_by="the operator")
        question = await self.asked(action)
        return Asked(question, *await self.site.settled(order))

    async def reference(self, wire_id: str | None = None) -> Reference:
        """The transaction of this station that has not ended (the one of that name)."""
        found = await self.site.rows(
            "SELECT id, wire_id, number, evse_id FROM transaction"
            " WHERE station_id = :key AND ended_at IS NULL AND (CAST(:name AS text) IS NULL OR wire_id = :name)",
            key=self.known.key,
            name=wire_id,
        )
        ((key, name, number, evse_id),) = found
        return Reference(TransactionKey(key), name, number, evse_id)

    async def record(self) -> dict[str, Any]:
        """The only transaction of this station."""
        return await self.site.record(self.known)

    async def transactions(self) -> int:
        """How many there are."""
        ((count,),) = await self.site.rows(
            "SELECT count(*) FROM transaction WHERE station_id = :key", key=self.known.key
        )
        return int(count)

    async def readings(self, evse_id: int) -> list[tuple[str, float]]:
        """The values of an EVSE's register that are kept, in order, each with what it was read for."""
        found = await self.site.rows(
            "SELECT sampled FROM meter_value WHERE station_id = :key AND evse_id = :evse ORDER BY station_time",
            key=self.known.key,
            evse=evse_id,
        )
        # What is read most often is not written down.
        return [(one.get("context", "Sample.Periodic"), one["value"]) for (sampled,) in found for one in sampled]

    async def connectors(self) -> list[tuple[Any, ...]]:
        """EVSE, connector and the station's own word for its state."""
        return await self.site.connector(self.known)


def fresh_number() -> int:
    """A number that nothing had before."""
    return next(_NUMBERS)


def fresh_name() -> str:
    """An identity that no station had before."""
    return f"CASE-{next(_NUMBERS)}"


async def hand_out(site: Site, **more: Any) -> Token:
    """A token nobody had before. `more` is what else is on record about it."""
    data = TokenData(token=Token(f"04{next(_NUMBERS):06X}", "ISO14443"), **more)
    async with site.csms.store.work() as work:
        await tokens.add(work, site.csms.organisation, data)
    return data.token


async def blocked(site: Site) -> Token:
    """A token that is blocked."""
    data = TokenData(token=Token(f"04{next(_NUMBERS):06X}", "ISO14443"))
    async with site.csms.store.work() as work:
        known: KnownToken = await tokens.add(work, site.csms.organisation, data)
        await tokens.block(work, known.key, "lost")
    return data.token


def stranger() -> Token:
    """A token that nobody knows."""
    return Token(f"FF{next(_NUMBERS):06X}", "ISO14443")


def shown(token: Token) -> dict[str, str]:
    """A token as the package says it in 2.x."""
    return {"id_token": token.value, "type": token.kind}


def _answering(version: Version, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Callable[[], Any]]:
    results = MODULES[version.name].call_result

    def giving(action: str) -> Callable[[], Any]:
        def give() -> Any:
            if action not in answers:
                raise NotImplementedHere
            return getattr(results, action)(**answers[action])

        return give

    known = [name for name, action in version.actions.items() if action.from_csms and hasattr(results, name)]
    return {name: giving(name) for name in known}


@dataclass(frozen=True)
class Proof:
    """How a station proves who it is: by a password, over TLS if there is a context, by the certificate of that."""

    password: str | None = PASSWORD
    tls: ssl.SSLContext | None = None


BASIC: Final = Proof()


@asynccontextmanager
async def connected(
    site: Site, version: Version, answers: Answers, *, known: Station | None = None, proof: Proof = BASIC
) -> AsyncGenerator[Tool, None]:
    """A station that nobody had before, connected and accepted, not yet booted.

    Or `known` once more: seconds 30 to `BACK_S` of its session are those it was away.
    """
    since_s = 0 if known is None else BACK_S
    if known is None:
        known = await site.announce(fresh_name())
    given: dict[str, Mapping[str, Any]] = {
        "GetConfiguration" if version is V16 else "GetBaseReport": (
            {"configuration_key": []} if version is V16 else {"status": "NotSupported"}
        ),
        **answers,
    }
    how: dict[str, Any] = {"password": proof.password, "tls": proof.tls}
    async with station(site.url, known.wire_id, version, _answering(version, given), at=began(), **how) as driver:
        yield Tool(site, known, driver, given, since_s)
