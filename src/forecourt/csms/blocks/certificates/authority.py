"""Who signs the certificates of stations: a root of this system, made at first need and kept with its other keys.

Until then no station is asked for a certificate on its account: some that have one of their maker's would show that and be
turned away.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from forecourt.clock import Clock
from forecourt.csms import keys
from forecourt.errors import Conflict, Invalid
from forecourt.pki.certificates import InvalidCertificate
from forecourt.pki.issuing import Authority, new_authority, read_authority

DAYS: Final = 25 * 365
"""How long the root holds."""


class StationAuthority:
    """The root in the folder of keys. `days` is how long what it signs holds; `made` is called when there is a new root."""

    def __init__(
        self, folder: Path, clock: Clock, *, enabled: bool, days: int, made: Callable[[], Awaitable[object]]
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._made = made
        self._found: Authority | None = None
        self.enabled = enabled
        self.days = days

    @property
    def file(self) -> Path:
        """Where it is, or will be."""
        return self._folder / keys.STATION_AUTHORITY

    @property
    def known(self) -> Authority | None:
        """The root, if there is one and it is in use."""
        return self._found if self.enabled else None

    async def load(self) -> None:
        """Read the root, if there is one. Raises Invalid when its file is damaged."""
        if self.enabled and await asyncio.to_thread(self.file.exists):
            self._found = await asyncio.to_thread(self._read)

    async def get(self) -> Authority:
        """The root, made if there is none. Raises Conflict where certificates are signed elsewhere, Invalid, OSError."""
        if not self.enabled:
            raise Conflict("certificates_signed_elsewhere", "this server signs no certificates (tls.issue)")
        if self._found is None:
            self._found = await asyncio.to_thread(self._read)
            await self._made()
        return self._found

    def _read(self) -> Authority:
        def make() -> bytes:
            # Two systems' roots have different names, so that who has both can tell them apart.
            name = f"Forecourt stations {secrets.token_hex(4)}"
            return new_authority(name, self._clock.now(), DAYS).as_text().encode()

        try:
            return read_authority(keys.kept(self._folder, self.file.name, make).decode())
        except (InvalidCertificate, ValueError) as error:
            raise Invalid("key_damaged", f"{self.file} cannot be used ({error}); restore it from a backup") from error
