"""Messages between the nodes of one installation: wake-ups for everybody, and questions to one node.

In one process it is in memory (`LocalBus`); with several, NATS fills the same interface. There is one address per node and
never one per station. Nothing on the bus is durable: who must not miss anything reads the event table, and uses the bus
only to know when to look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol, Self

from forecourt.clock import Clock

_LOG = logging.getLogger("forecourt.bus")

Listener = Callable[[bytes], None]
"""Hears a published payload. Must not block; what it raises is logged and concerns nobody else."""

Answerer = Callable[[bytes], Awaitable[bytes]]
"""Answers a request. Errors belong into the answer: what it raises is logged, and the asker gets none."""


class BusError(Exception):
    """A request was not answered."""


class NodeAway(BusError):
    """Nobody is there under that name; the request was not delivered."""


class NodeSilent(BusError):
    """The node has the request and did not answer in time; it may have acted all the same."""


class Subscription(Protocol):
    """Something that listens until it is cancelled."""

    def cancel(self) -> None:
        """Hear nothing more; harmless when repeated."""


class Bus(Protocol):
    """What passes between nodes. `node` is a node's name, `subject` a word like `events`."""

    def publish(self, subject: str, payload: bytes = b"") -> None:
        """Tell everybody who subscribed, soon, at most once, without waiting."""

    def subscribe(self, subject: str, listener: Listener) -> Subscription:
        """Hear what is published from now on."""

    def serve(self, node: str, answerer: Answerer) -> Subscription:
        """Be the node of that name. Raises `ValueError` if this process is that node already."""

    async def request(self, node: str, payload: bytes, timeout_s: float) -> bytes:
        """The node's answer. Raises `NodeAway`, `NodeSilent`."""


class LocalBus:
    """The bus of an installation that is one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: dict[str, list[_Subscribed]] = {}
        self._nodes: dict[str, _Subscribed] = {}

    def publish(self, subject: str, payload: bytes = b"") -> None:
        for subscribed in self._listeners.get(subject, ()):
            asyncio.get_running_loop().call_soon(subscribed.hear, payload)

    def subscribe(self, subject: str, listener: Listener) -> Subscription:
        listeners = self._listeners.setdefault(subject, [])
        subscribed = _Subscribed(lambda: listeners.remove(subscribed), listener=listener)
        listeners.append(subscribed)
        return subscribed

    def serve(self, node: str, answerer: Answerer) -> Subscription:
        if node in self._nodes:
            raise ValueError(f"{node} is served already")
        self._nodes[node] = _Subscribed(lambda: self._nodes.pop(node), answerer=answerer)
        return self._nodes[node]

    async def request(self, node: str, payload: bytes, timeout_s: float) -> bytes:
        serving = self._nodes.get(node)
        if serving is None or serving.answerer is None:
            raise NodeAway(f"no node {node}")
        try:
            async with self._clock.timeout(timeout_s):
                return await serving.answerer(payload)
        except TimeoutError:
            raise NodeSilent(f"{node} did not answer within {timeout_s:g} s") from None
        except Exception as error:
            _LOG.exception("a request to node %s failed", node)
            raise NodeSilent(f"{node} failed to answer") from error


class _Subscribed:
    def __init__(
        self, forget: Callable[[], object], *, listener: Listener | None = None, answerer: Answerer | None = None
    ) -> None:
        self.answerer = answerer
        self._listener = listener
        self._forget = forget
        self._active = True

    def hear(self, payload: bytes) -> None:
        if self._active and self._listener is not None:
            try:
                self._listener(payload)
            except Exception:
                _LOG.exception("a listener on the bus failed")

    def cancel(self) -> None:
        if self._active:
            self._active = False
            self._forget()


class Waking:
    """Waiting for work that arrives in the database: woken by the bus, and looking again now and then in case it was not.

    Use it with `async with`, for as long as something looks for work.
    """

    def __init__(self, bus: Bus, subject: str, clock: Clock) -> None:
        self._bus = bus
        self._subject = subject
        self._clock = clock
        self._woken = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._subscription = self._bus.subscribe(self._subject, lambda payload: self._woken.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._subscription.cancel()

    def forget(self) -> None:
        """Call before looking: what is published from now on ends the next wait at once."""
        self._woken.clear()

    def wake(self) -> None:
        """End the present wait, or the next one."""
        self._woken.set()

    async def wait(self, longest_s: float) -> None:
        """Return when woken since `forget`, or after `longest_s` seconds."""
        try:
            async with self._clock.timeout(longest_s):
                await self._woken.wait()
        except TimeoutError:
            pass
