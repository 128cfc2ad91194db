"""The stations of the demo and how each of them is connected. The demo's one door to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from forecourt.cli.demo_stations.model import Make
from forecourt.cli.demo_stations.station import Pace, Station, Words, running
from forecourt.cli.demo_stations.v2 import Words2
from forecourt.cli.demo_stations.v16 import Words16
from forecourt.clock import SYSTEM, Clock
from forecourt.ocpp.versions import V16, VERSIONS
from forecourt.transport import Handlers, Peer, connect, connect_soap

HALL, GARAGE, HARBOUR = "Market Hall", "Station Garage", "Harbour"

MAKES: Final = (
    Make(
        identity="HALL-DC-1", vendor="Voltara", model="Rapid 150", version="2.1", dc=True, max_w=150_000, outlets=2,
        site=HALL, name="Market Hall, left",
    ),
    Make(
        identity="HALL-DC-2", vendor="Voltara", model="Rapid 300", version="2.0.1", dc=True, max_w=300_000, site=HALL,
        name="Market Hall, right",
    ),
    Make(identity="GARAGE-01", vendor="Acme", model="Wallbox 22", version="1.6", max_w=22_080, site=GARAGE, name="Level 1"),
    Make(
        identity="GARAGE-02", vendor="Acme", model="Duo 11", version="1.6", max_w=11_040, outlets=2, site=GARAGE,
        name="Level 2",
    ),
    Make(identity="GARAGE-03", vendor="Nordwatt", model="Home 11", version="2.0.1", max_w=11_040, site=GARAGE, name="Level 3"),
    Make(identity="GARAGE-04", vendor="Nordwatt", model="Home 22", version="2.1", max_w=22_080, site=GARAGE, name="Level 4"),
    Make(
        identity="HARBOUR-01", vendor="Oldenergy", model="Pillar", version="1.6", soap=True, max_w=22_080, site=HARBOUR,
        name="Pier A, speaks SOAP",
    ),
    Make(
        identity="HARBOUR-02", vendor="Oldenergy", model="Fast 50", version="1.6", dc=True, max_w=50_000, site=HARBOUR,
        name="Pier B",
    ),
    Make(
        identity="HARBOUR-03", vendor="Nordwatt", model="Home 22", version="2.0.1", max_w=22_080, site=HARBOUR, flaps=True,
        name="Pier C, at the edge of the network",
    ),
    Make(identity="NEW-IN-TOWN", vendor="Voltara", model="Rapid 150", version="2.1", dc=True, max_w=150_000, announced=False),
)  # fmt: skip
"""Over four doors; the last one nobody has announced, so it waits for approval."""

CARDS_EACH: Final = 3
BLOCKED: Final = "0B10C4ED"
UNKNOWN: Final = "5724A46E"


def cards_of(number: int) -> list[str]:
    """The cards of the drivers who come to the station with that number: a car charges at one place at a time."""
    return [f"04D{number:02X}{which:02X}7" for which in range(1, CARDS_EACH + 1)]


def stations(
    makes: Sequence[Make],
    passwords: Mapping[str, str],
    *,
    port: int,
    memory: Path,
    seed: int,
    pace: Pace | None = None,
    clock: Clock = SYSTEM,
) -> AbstractAsyncContextManager[None]:
    """The stations, living for as long as the block lasts, connected to a management system on this machine."""
    memory.mkdir(parents=True, exist_ok=True)
    found = [
        Station(
            make,
            _line(make, passwords[make.identity], port),
            _words(make),
            clock=clock,
            # Each its own, so that one more station changes nothing for the others.
            dice=random.Random(f"{seed} {make.identity}"),  # noqa: S311 - chance for a show, not for secrets
            pace=pace or Pace(),
            cards=cards_of(number),
            strangers=[BLOCKED, UNKNOWN],
            memory=memory / f"{make.identity}.json",
        )
        for number, make in enumerate(makes, 1)
    ]
    return running(found)


def _words(make: Make) -> Callable[[Station], Words]:
    return Words16 if make.version == V16.name else Words2


def _line(make: Make, password: str, port: int) -> Callable[[Handlers], AbstractAsyncContextManager[Peer]]:
    def open_line(handlers: Handlers) -> AbstractAsyncContextManager[Peer]:
        if make.soap:
            url = f"http://127.0.0.1:{port}/ocpp"
            return connect_soap(url, identity=make.identity, password=password, handlers=handlers)
        version = VERSIONS[f"ocpp{make.version}"]
        url = f"ws://127.0.0.1:{port}/ocpp"
        return connect(url, identity=make.identity, password=password, versions=(version,), handlers=handlers)

    return open_line
