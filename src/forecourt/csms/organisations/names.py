"""Which organisations the certificates of a station may name (A00.FR.404), in memory, since handshakes are decided at once."""

from __future__ import annotations

from sqlalchemy import select

from forecourt.csms.organisations.store import organisation as table
from forecourt.csms.stations.model import OrganisationKey, Station
from forecourt.csms.store.work import Store


class CertificateNames:
    """The names of every organisation; `renew` learns what was changed, here or by another process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: dict[OrganisationKey, tuple[str, ...]] = {}

    def of(self, station: Station) -> frozenset[str]:
        """What the O of this station's certificate may say; nothing if its organisation is not known yet."""
        return frozenset(self._names.get(station.organisation, ()))

    def in_order(self, station: Station) -> tuple[str, ...]:
        """The same, the name of the organisation first."""
        return self._names.get(station.organisation, ())

    async def renew(self) -> None:
        """Read them again. Raises StoreAway."""
        async with self._store.work() as work:
            rows = await (await work.sql()).execute(select(table.c.id, table.c.name, table.c.certificate_names))
            self._names = {OrganisationKey(row.id): (row.name, *row.certificate_names) for row in rows}
