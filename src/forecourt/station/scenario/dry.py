"""A workbench without sockets, for trying a scenario in virtual time against a management system that accepts everything."""

from __future__ import annotations

from forecourt.clock import Clock
from forecourt.station.fleet.accepting import Accepting
from forecourt.station.scripted import ScriptedLink
from forecourt.station.setup import Setup
from forecourt.station.storage import Memory
from forecourt.station.timeline import RealTimeline
from forecourt.station.workbench.workbench import Workbench


def dry(setup: Setup, clock: Clock) -> Workbench:
    """The station of `setup`, in the time of `clock`. Raises WrongSetup, OSError."""
    build, timeline, storage = setup.build, RealTimeline(clock), Memory()
    setup.endow(storage)
    link = ScriptedLink(timeline, build.versions[0], Accepting(timeline))
    return Workbench(build, timeline, link, storage, contracts=setup.shown())
