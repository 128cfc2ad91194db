"""The composition root: the one place of the management system that knows everything and wires it by passing arguments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from forecourt.charging.quantities import Money
from forecourt.clock import SYSTEM, Clock
from forecourt.csms import keys
from forecourt.csms.assembly import Blocks, abilities, dialects, room_of
from forecourt.csms.blocks.authorization import list_jobs
from forecourt.csms.blocks.authorization.lists import Lists
from forecourt.csms.blocks.availability import actions as availability
from forecourt.csms.blocks.availability import upkeep as availability_upkeep
from forecourt.csms.blocks.availability.model import Availability
from forecourt.csms.blocks.certificates import actions as certificates_actions
from forecourt.csms.blocks.certificates.authority import StationAuthority
from forecourt.csms.blocks.certificates.model import Certificates
from forecourt.csms.blocks.data_transfer.model import Handlers
from forecourt.csms.blocks.metering.actions import SPLIT
from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.provisioning import upkeep as provisioning_upkeep
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.topologies import learn_connectors
from forecourt.csms.blocks.remote_control.actions import stopper
from forecourt.csms.blocks.security import rotation
from forecourt.csms.blocks.security.rotation import Security
from forecourt.csms.blocks.transactions import actions as transactions
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.model import Reference
from forecourt.csms.blocks.transactions.records import open_of
from forecourt.csms.bus import LocalBus
from forecourt.csms.config import Config
from forecourt.csms.feed.webhooks import forget_deliveries
from forecourt.csms.gateway.arrivals import Arrivals
from forecourt.csms.gateway.certificates import Certificates as OwnFiles
from forecourt.csms.gateway.connections import Connections, Parts
from forecourt.csms.gateway.database import Availability as DatabaseAvailability
from forecourt.csms.gateway.dispatch import Dispatch, note_deviation
from forecourt.csms.gateway.handshake import Doorkeeper
from forecourt.csms.gateway.newcomers import Newcomers
from forecourt.csms.gateway.recording import Recording
from forecourt.csms.gateway.refusals import Refusals
from forecourt.csms.gateway.soap import SoapDoor, SoapParts
from forecourt.csms.gateway.tail import Tail
from forecourt.csms.jobs import Worker
from forecourt.csms.organisations import actions as organisations
from forecourt.csms.organisations.names import CertificateNames
from forecourt.csms.stations import actions as stations_actions
from forecourt.csms.stations import bulk
from forecourt.csms.stations.model import OrganisationKey, Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.store.gathered import Gathered
from forecourt.csms.store.opening import database_server, open_store
from forecourt.csms.store.work import Store
from forecourt.csms.upkeep import MESSAGE_LOG, Kept, Upkeep
from forecourt.csms.web import repetitions
from forecourt.transport.closure import GOING_AWAY, TRY_AGAIN_LATER
from forecourt.transport.limits import Limits
from forecourt.transport.listener import Listener, listen
from forecourt.transport.tasks import Tasks, beside

if TYPE_CHECKING:
    from forecourt.csms.interface import Interface

NODE: Final = "one"
BY_LIMITS: Final = "limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Csms:
    """A running management system. `pepper` is what stations' passwords are hashed with."""

    store: Store
    stations: Stations
    sending: Sending
    blocks: Blocks
    listener: Listener
    organisation: OrganisationKey
    worker: Worker
    pepper: bytes = field(repr=False)
    interface: Interface | None = field(default=None, repr=False)
    """What people and programs are served, if anything."""

    @property
    def port(self) -> int:
        """Where stations connect."""
        return self.listener.port

    @property
    def api_port(self) -> int:
        """Where people and programs connect; 0 if nothing is served to them."""
        return self.interface.port if self.interface else 0


@asynccontextmanager
async def run(
    config: Config, *, clock: Clock = SYSTEM, progress: Callable[[str], None] = lambda message: None
) -> AsyncGenerator[Csms, None]:
    """Run a management system for as long as the block lasts.

    Raises EmbeddedUnavailable, UnsuitableDatabase, StoreAway, Invalid, and OSError when the port cannot be had.
    """
    async with AsyncExitStack() as stack:
        folder = config.database.folder
        pepper = await asyncio.to_thread(keys.key, folder / "secrets", keys.PEPPER)
        local_key = await asyncio.to_thread(keys.key, folder / "secrets", keys.LOCAL)
        addresses = await stack.enter_async_context(
            database_server(config.database.url, folder / "database", progress=progress)
        )
        tasks = Tasks()
        bus = LocalBus(clock)
        gate: list[Connections] = []
        database = DatabaseAvailability(
            clock,
            config.gateway.hold_s,
            lambda: gate[0].close_all(TRY_AGAIN_LATER, "the database is away") if gate else None,
        )
        store = await stack.enter_async_context(
            open_store(
                addresses.owner,
                clock,
                hold_s=config.gateway.hold_s,
                publish=bus.publish,
                on_change=database.change,
                progress=progress,
            )
        )
        stack.push_async_callback(tasks.finish)
        async with store.work() as work:
            organisation = await organisations.ensure_first(work)
        names = CertificateNames(store)
        await names.renew()
        stations = await _stations(store)
        listening: list[Listener] = []

        async def renew_certificates() -> None:
            for one in listening:
                await files.renew(one)

        authority = StationAuthority(
            folder / "secrets", clock, enabled=config.tls.issue, days=config.tls.issue_days, made=renew_certificates
        )
        await authority.load()
        files = OwnFiles(config.tls, clock, authority.file if authority.enabled else None)
        certificates = Certificates(store=store, authority=authority, names=names.in_order, own=lambda: files.own)
        async with store.work() as work:
            await certificates_actions.load(certificates, await work.sql(), stations)
        parts = _Wiring(config, clock, store, stations, tasks, pepper, certificates)
        sending, blocks = parts.sending, parts.blocks
        await sending.resume()
        await boots.resume(store, stations)
        await blocks.transactions.watch.resume()
        tail = Tail(clock)
        connection_parts = Parts(
            doorkeeper=Doorkeeper(
                stations,
                config.gateway,
                pepper=pepper,
                owners=names.of,
                available=database.is_available,
                revoked=lambda shown: (
                    files.is_revoked(shown) or certificates_actions.is_revoked(certificates, shown.der)
                ),
            ),
            refusals=Refusals(store, stations, clock, tasks),
            newcomers=Newcomers(store, stations, config.gateway, organisation),
            arrivals=Arrivals(
                store,
                tasks,
                partial(rotation.connected, blocks.security),
                partial(certificates_actions.shown, certificates),
            ),
            dispatch=Dispatch(store, clock, tasks, tail),
            recording=Recording(store, tasks, tail),
            stations=stations,
            dialects=parts.dialects,
            sending=sending,
            habits=blocks.availability.catalogue,
            policy=config.gateway,
            clock=clock,
            tasks=tasks,
        )
        connections = Connections(connection_parts)
        gate.append(connections)
        soap = SoapDoor(
            connection_parts,
            SoapParts(
                policy=config.soap,
                path=config.gateway.path,
            ),
        )
        stack.push_async_callback(soap.close)
        worker = Worker(
            {
                **list_jobs.kinds(list_jobs.ListJobs(store, stations)),
                **bulk.Handing(store, stations, sending).kinds(),
                **availability_upkeep.Upkeep(store, stations, sending.ask).kinds(),
                **provisioning_upkeep.kinds(provisioning_upkeep.Upkeep(blocks.provisioning, stations, sending.finish)),
            },
            database=store.database,
            bus=bus,
            clock=clock,
            node=NODE,
        )
        async with store.work() as work:
            list_jobs.begin(work)
            provisioning_upkeep.begin(work)
        await bulk.resume(store)

        watch = certificates_actions.Watch(certificates)

        async def often() -> None:
            soap.forget_silent()
            await sending.expire()

        tidy = Upkeep(
            store.database,
            clock,
            often=[often, renew_certificates, names.renew, watch.keep_own],
            kept=[Kept(MESSAGE_LOG, config.retention.message_log_days), Kept(SPLIT, config.retention.meter_value_days)],
            retention=config.retention,
            seldom=[
                watch.tell,
                store.journal.tidy,
                partial(repetitions.forget, store),
                partial(forget_deliveries, store),
            ],
        )
        await tidy.tidy()
        await stack.enter_async_context(beside(worker.run(), tidy.run()))
        listener = await listen(
            connections.decide,
            host=config.server.host or None,
            port=config.server.port,
            http=soap.http,
            tls=await files.begin(),
            tls_failed=connection_parts.refusals.note_tls,
            limits=Limits(
                max_message_bytes=config.gateway.max_message_bytes,
                max_body_bytes=config.gateway.max_message_bytes,
                ping_interval_s=config.gateway.ping_interval_s,
                handshake_timeout_s=config.gateway.handshake_timeout_s,
                max_connections=config.gateway.max_connections,
            ),
        )
        listening.append(listener)
        stack.push_async_callback(listener.close, GOING_AWAY, "the server is going down")
        progress(f"stations connect to port {listener.port}, path {config.gateway.path}/ and their identity")
        served: Interface | None = None
        if config.api.enabled:
            # Here, because it takes as long to import as all the rest.
            from forecourt.csms.interface import Backend, serve

            behind = Backend(
                addresses=addresses,
                store=store,
                bus=bus,
                clock=clock,
                stations=stations,
                sending=sending,
                blocks=blocks,
                dialects=parts.dialects,
                tail=tail,
                organisation=organisation,
                node=NODE,
                pepper=pepper,
                local_key=local_key,
                is_available=database.is_available,
                station_port=listener.port,
            )
            served = await stack.enter_async_context(serve(config, behind, progress))
        yield Csms(
            store=store,
            stations=stations,
            sending=sending,
            blocks=blocks,
            listener=listener,
            organisation=organisation,
            worker=worker,
            pepper=pepper,
            interface=served,
        )


class _Wiring:
    """The blocks, which need to send commands, and the sending of commands, which needs the blocks' words."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        store: Store,
        stations: Stations,
        tasks: Tasks,
        pepper: bytes,
        certificates: Certificates,
    ) -> None:
        self._sending: Sending | None = None

        async def finish(station: Station, request_id: int, *, failed: bool, reason: str) -> bool:
            return await self.sending.finish(station, request_id, failed=failed, reason=reason)

        async def stop(station: Station, transaction: Reference) -> object:
            return await stopper(self.sending, BY_LIMITS)(station, transaction)

        price = Decimal(config.charging.price_per_kwh)
        watch = transactions.Watch(store, stations, clock, tasks, stop)
        block = Transactions(
            watch=watch,
            open_ones=Gathered(store, tasks, open_of),
            deviate=note_deviation,
            abilities=abilities,
            first_limits=transactions.promised,
            price_per_kwh=Money(price, config.charging.currency) if price else None,
            currency=config.charging.currency,
        )
        self.blocks = Blocks(
            store=store,
            security=Security(store=store, pepper=pepper),
            certificates=certificates,
            provisioning=Provisioning(
                store=store,
                heartbeat_interval_s=config.gateway.heartbeat_interval_s,
                pending_interval_s=config.gateway.pending_interval_s,
            ),
            lists=Lists(store, room_of),
            transactions=block,
            availability=Availability(
                store=store, finish=finish, learn=learn_connectors, tell=partial(transactions.state_told, block)
            ),
            owner=partial(transactions.own, block),
            data_transfer=Handlers(),
        )
        self.dialects = dialects(self.blocks)
        self._sending = Sending(store, stations, self.dialects.values(), clock, tasks)

    @property
    def sending(self) -> Sending:
        """The sending of commands."""
        if self._sending is None:
            raise RuntimeError("a command before everything is put together")
        return self._sending


async def _stations(store: Store) -> Stations:
    """All stations, none of them connected."""
    known = Stations()
    async with store.work() as work:
        connection = await work.sql()
        await stations_actions.mark_all_disconnected(connection, work.now)
        for station in await stations_actions.load(connection):
            known.add(station)
        await availability.load(connection, known)
    return known
