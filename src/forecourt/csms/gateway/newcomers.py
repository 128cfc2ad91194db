"""Stations that nobody announced, where the policy lets them in: made known when they connect, waiting or accepted.

`pending` lists them for an operator, with all they say of themselves; they are told to come back. `open` takes them as they
are, which is for laboratories and closed networks.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from forecourt.csms.config import Gateway as Policy
from forecourt.csms.stations import actions
from forecourt.csms.stations.model import OrganisationKey, Registration, SecurityProfile, Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.work import Store
from forecourt.errors import Conflict

MOST_A_MINUTE: Final = 600
"""Newcomers taken in within a minute; a scanner must not fill the database."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The credentials a newcomer has shown, as they are kept."""

    profile: SecurityProfile
    password_hmac: bytes | None = None
    certificate_name: str = ""


class TooMany(Exception):
    """More stations that nobody knows knock than are taken in at a time."""


class Mismatch(Exception):
    """Meanwhile the station is known, and with other credentials than these. The next handshake is judged by them."""


class Newcomers:
    """Makes unknown stations known."""

    def __init__(self, store: Store, stations: Stations, policy: Policy, organisation: OrganisationKey) -> None:
        self._store = store
        self._stations = stations
        self._policy = policy
        self._organisation = organisation
        self._making: dict[str, asyncio.Future[Station]] = {}
        self._minute = 0.0
        self._made = 0

    async def welcome(self, wire_id: str, shown: Shown) -> Station:
        """The station `wire_id`, made known if it is not. What it has shown is what it must show from now on.

        Raises TooMany, Mismatch and what the store raises.
        """
        known = self._stations.named(wire_id)
        if known is not None:
            return _same(known, shown)
        if wire_id in self._making:
            return _same(await asyncio.shield(self._making[wire_id]), shown)
        made: asyncio.Future[Station] = asyncio.get_running_loop().create_future()
        self._making[wire_id] = made
        try:
            station = await self._make(wire_id, shown)
        except BaseException as error:
            # Whoever waits for it too was not cancelled, and must not wait for ever.
            made.set_exception(error if isinstance(error, Exception) else StoreAway("making it known was cut short"))
            # Somebody else may be waiting for it, or nobody.
            made.exception()
            raise
        finally:
            del self._making[wire_id]
        made.set_result(station)
        return station

    async def _make(self, wire_id: str, shown: Shown) -> Station:
        self._count()
        opened = self._policy.registration == "open"
        try:
            async with self._store.work() as work:
                station = await actions.add(
                    work,
                    wire_id=wire_id,
                    organisation=self._organisation,
                    registration=Registration.ACCEPTED if opened else Registration.PENDING,
                    profile=shown.profile,
                    password_hmac=shown.password_hmac,
                    certificate_name=shown.certificate_name,
                )
        except Conflict:
            # Another process took it in a moment ago.
            async with self._store.work() as work:
                station = await actions.find(work, wire_id)
        known = self._stations.named(wire_id)
        if known is None:
            self._stations.add(station)
        return _same(known or station, shown)

    def _count(self) -> None:
        now = self._store.clock.monotonic()
        if now - self._minute >= 60.0:
            self._minute, self._made = now, 0
        self._made += 1
        if self._made > MOST_A_MINUTE:
            raise TooMany


def _same(station: Station, shown: Shown) -> Station:
    """`station` if these are its credentials. Its handshake was decided when nobody knew it, so nobody has looked."""
    wanted = station.credentials
    fits = (
        station.enabled
        and wanted.profile is shown.profile
        and (shown.password_hmac is None or shown.password_hmac in wanted.password_hmacs)
        and (shown.profile is not SecurityProfile.TLS_CERTIFICATE or wanted.certificate_name == shown.certificate_name)
    )
    if not fits:
        raise Mismatch(f"{station.wire_id} became known with other credentials")
    return station
