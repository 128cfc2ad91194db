"""What people and programs are served, put together: the routes of every block, and the dashboard before them.

Part of the composition root, and imported only where the API is enabled: a web server takes as long to import as all the rest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import quote

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from forecourt.clock import Clock
from forecourt.csms.accounts import audit_api, grants_api, keys_api, own_sessions_api, sessions_api, users_api
from forecourt.csms.accounts.actions import ensure_administrator
from forecourt.csms.accounts.authentication import Accounts
from forecourt.csms.accounts.throttle import Throttle
from forecourt.csms.api import about, health, metrics
from forecourt.csms.api.application import application
from forecourt.csms.api.serving import serving
from forecourt.csms.assembly import Blocks, forms_of
from forecourt.csms.blocks.authorization import api as tokens_api
from forecourt.csms.blocks.availability.showing import in_state, places
from forecourt.csms.blocks.certificates import api as certificates_api
from forecourt.csms.blocks.provisioning import api as provisioning_api
from forecourt.csms.blocks.provisioning import wanted_api
from forecourt.csms.blocks.remote_control.actions import asker
from forecourt.csms.blocks.security import api as security_api
from forecourt.csms.blocks.transactions import api as transactions_api
from forecourt.csms.blocks.transactions.shapes import TransactionParts
from forecourt.csms.bus import Bus
from forecourt.csms.config import Config
from forecourt.csms.dashboard import overview
from forecourt.csms.dashboard.serving import Dashboard
from forecourt.csms.feed import api as feed_api
from forecourt.csms.feed import deliveries_api, webhooks_api
from forecourt.csms.feed.deliveries_api import WebhookParts
from forecourt.csms.feed.engine import Feed
from forecourt.csms.feed.webhooks import Webhooks
from forecourt.csms.gateway import api as gateway_api
from forecourt.csms.gateway import messages_api
from forecourt.csms.gateway.tail import Tail
from forecourt.csms.organisations import api as organisations_api
from forecourt.csms.sites import api as sites_api
from forecourt.csms.stations import api as stations_api
from forecourt.csms.stations import bulk_api, commands_api
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.stations.shapes import StationParts
from forecourt.csms.store.opening import Addresses, open_api_database
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import Version
from forecourt.transport.outbound import Outbound, anywhere, public_only
from forecourt.transport.tasks import beside

_MOST_REPLY_BYTES: Final = 64 * 1024
"""Nobody looks at what a receiver of webhooks answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What routes are given. Whatever a block's routes need beside the request is here."""

    store: Store
    stations: Stations
    sending: Sending
    clock: Clock
    blocks: Blocks
    dialects: Mapping[Version, Dialect]
    url_of: Callable[[str, str, int], str]
    feed: Feed
    tail: Tail
    webhooks: WebhookParts
    config: Config


def api_routes(parts: ApiParts) -> list[HTTPRouteHandler]:
    """Every route below `/api/v1`, in the order of the documentation."""
    stations = StationParts(
        store=parts.store,
        stations=parts.stations,
        sending=parts.sending,
        dialects=parts.dialects,
        forms=forms_of(parts.dialects, parts.blocks),
        pepper=parts.blocks.security.pepper,
        url_of=parts.url_of,
        places=partial(places, parts.stations),
        in_state=in_state,
    )
    return [
        *sessions_api.routes(parts.store, Throttle(parts.clock)),
        *own_sessions_api.routes(parts.store),
        *organisations_api.routes(),
        *sites_api.routes(),
        *stations_api.routes(stations),
        *commands_api.routes(stations),
        *bulk_api.routes(stations),
        *tokens_api.routes(parts.store),
        *transactions_api.routes(
            TransactionParts(
                store=parts.store,
                stations=parts.stations,
                sending=parts.sending,
                block=parts.blocks.transactions,
                stop=asker(parts.sending),
            )
        ),
        *overview.routes(),
        *feed_api.routes(parts.feed, parts.clock),
        *provisioning_api.routes(parts.blocks.provisioning, parts.stations, parts.sending),
        *wanted_api.routes(parts.blocks.provisioning, parts.stations),
        *security_api.routes(parts.blocks.security, parts.stations),
        *certificates_api.routes(parts.blocks.certificates, parts.stations),
        *messages_api.routes(parts.stations, parts.tail, parts.clock),
        *gateway_api.routes(parts.stations),
        *webhooks_api.routes(),
        *deliveries_api.routes(parts.webhooks),
        *users_api.routes(),
        *grants_api.routes(),
        *keys_api.routes(),
        *audit_api.routes(),
        *about.routes(parts.config),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What stands behind. `is_available` is about the database, `station_port` where stations connect."""

    addresses: Addresses
    store: Store
    bus: Bus
    clock: Clock
    stations: Stations
    sending: Sending
    blocks: Blocks
    dialects: Mapping[Version, Dialect]
    tail: Tail
    organisation: OrganisationKey
    node: str
    pepper: bytes = field(repr=False)
    local_key: bytes = field(repr=False)
    is_available: Callable[[], bool]
    station_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What is served, and the port where people and programs connect. `feed` is what they watch."""

    port: int
    api: Litestar
    feed: Feed


@asynccontextmanager
async def serve(config: Config, behind: Backend, progress: Callable[[str], None]) -> AsyncGenerator[Interface, None]:
    """Serve for as long as the block lasts. Raises Invalid, and OSError when the port cannot be had."""
    async with AsyncExitStack() as stack:
        made = await ensure_administrator(behind.store, config.api.administrator_password)
        if made is not None:
            chosen = "of the settings" if config.api.administrator_password else f"{made[1]} - it is not shown again"
            progress(f"first start: sign in as {made[0]} with the password {chosen}")
        api_database = open_api_database(behind.addresses)
        stack.push_async_callback(api_database.close)
        clock, database = behind.clock, behind.store.database
        feed = Feed(database=database, bus=behind.bus, clock=clock, stations=behind.stations)
        outbound = Outbound(
            approve=anywhere if config.webhooks.private_networks else public_only,
            timeout_s=config.webhooks.timeout_s,
            max_body_bytes=_MOST_REPLY_BYTES,
            clock=clock,
        )
        stack.push_async_callback(outbound.close)
        webhooks = Webhooks(
            database=database,
            bus=behind.bus,
            clock=clock,
            stations=behind.stations,
            outbound=outbound,
            node=behind.node,
        )
        counted = metrics.registry(behind.stations, behind.sending, behind.store.journal)
        api = application(
            store=behind.store,
            api_database=api_database,
            authenticator=Accounts(behind.store, behind.local_key.hex()),
            first_organisation=behind.organisation,
            pepper=behind.pepper,
            routes=api_routes(
                ApiParts(
                    store=behind.store,
                    stations=behind.stations,
                    sending=behind.sending,
                    clock=clock,
                    blocks=behind.blocks,
                    dialects=behind.dialects,
                    feed=feed,
                    tail=behind.tail,
                    webhooks=WebhookParts(webhooks=webhooks, database=database, clock=clock),
                    url_of=partial(_charger_url, config, behind.station_port),
                    config=config,
                )
            ),
            outside=health.routes(health.Readiness(behind.is_available, database, clock), counted),
        )
        served = Dashboard(api, config.dashboard) if config.dashboard.enabled else api
        port = await stack.enter_async_context(serving(metrics.Measured(served, counted, clock), config.api))
        # After the server, so that streams end before it waits for them.
        await stack.enter_async_context(beside(feed.run(), webhooks.run()))
        stack.callback(behind.tail.close)
        progress(f"the API listens on port {port}, its description is at /api/docs")
        yield Interface(port=port, api=api, feed=feed)


def _charger_url(config: Config, port: int, host: str, wire_id: str, security_profile: int) -> str:
    """What a station is told to connect to, by a client that has reached us at `host`."""
    place = f"{config.gateway.path.rstrip('/')}/{quote(wire_id, safe='')}"
    if config.server.public_url:
        return config.server.public_url.rstrip("/") + place
    scheme = "wss" if security_profile > 1 else "ws"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{place}"
