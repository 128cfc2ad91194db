"""What the system counts, for Prometheus. Nothing is labelled by station: a hundred thousand series help nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.journal import Journal


class Figures(Collector):
    """Reads the figures when they are asked for; nothing is counted twice."""

    def __init__(self, stations: Stations, journal: Journal) -> None:
        self._stations = stations
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
        for version, count in sorted(versions.items()):
            connected.add_metric([version], count)
        yield connected
        available = GaugeMetricFamily("forecourt_database_available", "1 while the database takes what it is given")
        available.add_metric([], float(self._journal.available))
        yield available
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


def registry(stations: Stations, journal: Journal) -> CollectorRegistry:
    """A registry of our own: several systems may run in one process, as tests do."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Figures(stations, journal))
    return made
