"""What the system counts, for Prometheus. Nothing is labelled by station: a hundred thousand series help nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from forecourt.clock import Clock
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.store.journal import Journal
from forecourt.ocpp.versions import VERSIONS

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Figures(Collector):
    """Reads the figures when they are asked for; nothing is counted twice."""

    def __init__(self, stations: Stations, sending: Sending, journal: Journal) -> None:
        self._stations = stations
        self._sending = sending
        self._journal = journal

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """The figures of this moment."""
        known = GaugeMetricFamily("forecourt_stations", "stations that are known")
        known.add_metric([], len(self._stations))
        yield known
        connected = GaugeMetricFamily(
            "forecourt_connected_stations", "stations that are connected, by version", labels=["version"]
        )
        versions = Counter(link.dialect.version.name for link in self._stations.links())
        # All of them, so that the last one that leaves is seen as 0 and not as nothing.
        for version in sorted(one.name for one in VERSIONS.values()):
            connected.add_metric([version], versions[version])
        yield connected
        available = GaugeMetricFamily("forecourt_database_available", "1 while the database takes what it is given")
        available.add_metric([], float(self._journal.available))
        yield available
        waiting = GaugeMetricFamily("forecourt_journal_waiting_entries", "units of work that wait to be written")
        waiting.add_metric([], self._journal.waiting)
        yield waiting
        commands = CounterMetricFamily(
            "forecourt_commands", "commands that came to a status in this process", labels=["status"]
        )
        for status in CommandStatus:
            commands.add_metric([status], self._sending.steps[status])
        yield commands
        figures = self._journal.figures
        for name, words, count in (
            ("flushes", "transactions of the journal", figures.flushes),
            ("entries", "units of work the journal wrote", figures.entries),
            ("repeated_entries", "units of work that had been written before", figures.repeated),
            ("refused_entries", "units of work the schema refused", figures.refused),
            ("expired_entries", "units of work that waited too long for the database", figures.expired),
        ):
            counter = CounterMetricFamily(f"forecourt_journal_{name}", words)
            counter.add_metric([], count)
            yield counter


class Measured:
    """ASGI: counts what is asked and how soon it is answered, to the first byte, since a live feed has no last one."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._seconds = Histogram(
            "forecourt_http_answer_seconds",
            "how long requests wait for their answer to begin",
            labelnames=["method", "route", "status"],
            registry=registry,
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began = self._clock.monotonic()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Paths that match no route, and methods that nobody knows, are whatever somebody likes to send.
                route = scope.get("path_template") or "none"
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._seconds.labels(method, route, message["status"]).observe(self._clock.monotonic() - began)
            await send(message)

        await self._app(scope, receive, measured)


def registry(stations: Stations, sending: Sending, journal: Journal) -> CollectorRegistry:
    """A registry of our own: several systems may run in one process, as tests do."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Figures(stations, sending, journal))
    return made
