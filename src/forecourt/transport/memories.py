"""The replay memories of stations, which outlive their connections."""

from __future__ import annotations

from collections import OrderedDict

from forecourt.ocpp.replay import ReplayMemory


class Memories:
    """One replay memory for each identity. Those of stations that are away are kept up to `capacity`, the longest away go first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._present: dict[str, tuple[ReplayMemory, int]] = {}
        self._away: OrderedDict[str, ReplayMemory] = OrderedDict()

    def enter(self, identity: str) -> ReplayMemory:
        """Return the memory of a station for one connection of it; `leave` must follow."""
        if identity in self._present:
            memory, connections = self._present[identity]
        else:
            memory = self._away.pop(identity) if identity in self._away else ReplayMemory()
            connections = 0
        self._present[identity] = (memory, connections + 1)
        return memory

    def leave(self, identity: str) -> None:
        """A connection of a station has ended."""
        memory, connections = self._present.pop(identity)
        if connections > 1:
            self._present[identity] = (memory, connections - 1)
        else:
            # An empty memory is kept too: a call may still be handled, which the station repeats when it is back.
            self._away[identity] = memory
            if len(self._away) > self._capacity:
                self._away.popitem(last=False)
