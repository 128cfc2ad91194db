"""What the credentials of a station tell beyond that it may come in: what it was offered before, it now uses.

None of it makes the station wait. What the database does not take is settled when the station connects next time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from forecourt.csms.stations import profiles
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.store.errors import StoreError
from forecourt.csms.store.work import Store
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Takes note of arrivals. `password_shown` settles a change of password that was open; it is told whether the station has
    come back since, or may be where it was before the change. `certificate_shown` is told the certificate (DER)."""

    store: Store
    tasks: Tasks
    password_shown: Callable[[Station, bytes, bool], Awaitable[None]]
    certificate_shown: Callable[[Station, bytes], Awaitable[None]]

    def note(
        self,
        station: Station,
        profile: SecurityProfile | None,
        password: bytes | None,
        *,
        certificate: bytes | None = None,
        back: bool = True,
    ) -> None:
        """A station has come in by `profile`, with that password or certificate. One that was there before is not `back`."""
        if profile is not None and profiles.came_with(station, profile):
            self.tasks.start(self._settle(station, profiles.keep_raised(self.store, station)))
        if password is not None and len(station.credentials.password_hmacs) > 1:
            self.tasks.start(self._settle(station, self.password_shown(station, password, back)))
        if certificate is not None and profile is SecurityProfile.TLS_CERTIFICATE:
            self.tasks.start(self._settle(station, self.certificate_shown(station, certificate)))

    async def _settle(self, station: Station, recording: Awaitable[None]) -> None:
        try:
            await recording
        except StoreError as error:
            _LOG.warning("the credentials of %s are settled when it connects again: %s", station.wire_id, error)
