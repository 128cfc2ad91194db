"""One running management system for many tests, put back to what it was before each."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg

from forecourt.clock import SYSTEM
from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Soap, Webhooks
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.folder import ADMINISTRATOR
from tests.journeys.site import LIMIT_S

_KEEP: Final = """
DO $$ DECLARE name text; BEGIN
CREATE SCHEMA kept;
CREATE TABLE kept.sequence AS SELECT sequencename AS name, last_value AS place FROM pg_sequences WHERE schemaname = 'public';
FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname NOT IN ('alembic_version', 'journal_writer') AND pg_relation_size(oid) > 0
LOOP
    EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
END LOOP; END $$
"""
"""Keep what a system has in its tables when it has just been started for the first time."""

# The journal writes its own row first: who holds that table has every transaction of the journal behind it. The jobs that
# a running system began with are still its own.
_RESTORE: Final = """
DO $$ DECLARE name text; BEGIN
SET LOCAL session_replication_role = replica;
LOCK TABLE journal_writer IN EXCLUSIVE MODE;
FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname NOT IN ('alembic_version', 'journal_writer', 'job') AND pg_relation_size(oid) > 0
LOOP
    EXECUTE format('LOCK TABLE public.%I IN EXCLUSIVE MODE', name);
    EXECUTE format('DELETE FROM public.%I', name);
END LOOP;
FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'kept'::regnamespace AND relname NOT IN ('sequence', 'job')
LOOP
    EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%I', name, name);
END LOOP;
PERFORM setval(format('public.%I', sequence.name)::regclass, coalesce(place, 1), place IS NOT NULL) FROM kept.sequence;
END $$
"""
_NEW_JOBS: Final = "FROM job WHERE id > (SELECT max(id) FROM kept.job)"


class Systems:
    """Whichever system runs at the moment, all of them on one database."""

    def __init__(self, server: EmbeddedPostgres, url: str, folder: Path) -> None:
        self._server = server
        self._url = url
        self._folder = folder
        self._settings: tuple[Api, Gateway, Webhooks] | None = None
        self._csms: app.Csms | None = None
        self._stack = AsyncExitStack()
        self._as_it_was = False
        self._kept = False

    @property
    def local_key(self) -> str:
        """What the administrator of the platform shows."""
        return (self._folder / "secrets/local-administration").read_bytes().hex()

    async def running(self, api: Api, gateway: Gateway, webhooks: Webhooks, *, fresh: bool) -> app.Csms:
        """A system with these settings, and with nothing in it."""
        settings = (api, gateway, webhooks)
        if self._csms is not None and self._as_it_was and not fresh and settings == self._settings:
            await self._restore(self._csms)
            return self._csms
        await self.stop()
        if self._kept:
            await self._ask(_RESTORE)
            await self._ask("DELETE FROM job; SELECT setval('job_id_seq', 1, false)")
        config = Config(
            server=Server(host="127.0.0.1", port=0),
            api=api,
            gateway=gateway,
            webhooks=webhooks,
            database=Database(url=self._url, folder=self._folder),
            soap=Soap(trusted_networks=("127.0.0.0/8",)),
        )
        self._csms = await self._stack.enter_async_context(app.run(config))
        self._settings = settings
        if not self._kept:
            await self._ask(_KEEP)
            self._kept = True
        return self._csms

    def leave(self, *, as_it_was: bool) -> None:
        """A test is over. Unless it left everything outside the database as it was, the next one gets another system."""
        self._as_it_was = as_it_was

    async def stop(self) -> None:
        """Stop the system that runs, if any."""
        self._csms = None
        await self._stack.aclose()

    async def _restore(self, csms: app.Csms) -> None:
        async with asyncio.timeout(LIMIT_S):
            # What runs already may still be about to write.
            while await self._ask(f"DELETE {_NEW_JOBS} AND locked_by IS NULL") + await self._count(_NEW_JOBS):
                await SYSTEM.sleep(0)
            await self._ask(_RESTORE)
        for station in list(csms.stations):
            csms.stations.forget(station)

    async def _ask(self, statement: str) -> int:
        """Change the database as its administrator; how many rows, of a single statement."""
        connection = await asyncpg.connect(self._server.url(ADMINISTRATOR, "shared"))
        try:
            *_, last = (await connection.execute(statement)).split()
        finally:
            await connection.close()
        return int(last) if last.isdigit() else 0

    async def _count(self, what: str) -> int:
        connection = await asyncpg.connect(self._server.url(ADMINISTRATOR, "shared"))
        try:
            return int(await connection.fetchval(f"SELECT count(*) {what}"))
        finally:
            await connection.close()
