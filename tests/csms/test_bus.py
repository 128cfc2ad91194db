"""The bus of one process: soon, at most once, and one listener's trouble is nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.csms.bus import Bus, LocalBus, NodeAway, NodeSilent, Waking


async def turn() -> None:
    """Let what was scheduled run."""
    await SYSTEM.sleep(0)


async def test_everybody_who_subscribed_hears_what_is_published_later() -> None:
    bus: Bus = LocalBus(SYSTEM)
    heard: list[tuple[str, bytes]] = []
    bus.publish("news", b"too early")
    first = bus.subscribe("news", lambda payload: heard.append(("first", payload)))
    bus.subscribe("news", lambda payload: heard.append(("second", payload)))
    bus.subscribe("other", lambda payload: heard.append(("other", payload)))
    bus.publish("news", b"1")
    assert heard == []
    await turn()
    assert heard == [("first", b"1"), ("second", b"1")]
    bus.publish("news", b"2")
    first.cancel()
    first.cancel()
    await turn()
    assert heard[2:] == [("second", b"2")]


async def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus = LocalBus(SYSTEM)
    heard: list[bytes] = []

    def fail(payload: bytes) -> None:
        raise LookupError(payload)

    bus.subscribe("news", fail)
    bus.subscribe("news", heard.append)
    bus.publish("news", b"1")
    await turn()
    assert heard == [b"1"]
    assert "LookupError" in caplog.text


async def test_a_node_answers_and_one_that_is_not_there_does_not() -> None:
    bus = LocalBus(SYSTEM)

    async def shout(payload: bytes) -> bytes:
        await turn()
        return payload.upper()

    serving = bus.serve("a", shout)
    assert await bus.request("a", b"hello", 1.0) == b"HELLO"
    with pytest.raises(ValueError, match="served already"):
        bus.serve("a", shout)
    with pytest.raises(NodeAway):
        await bus.request("b", b"hello", 1.0)
    serving.cancel()
    with pytest.raises(NodeAway):
        await bus.request("a", b"hello", 1.0)


async def test_a_node_that_takes_too_long_or_fails_is_silent() -> None:
    clock = VirtualClock()
    bus = LocalBus(clock)
    forever = asyncio.Event()

    async def dawdle(payload: bytes) -> bytes:
        await forever.wait()
        return payload

    async def fail(payload: bytes) -> bytes:
        raise LookupError(payload)

    bus.serve("slow", dawdle)
    bus.serve("broken", fail)
    with pytest.raises(NodeSilent, match="failed"):
        await bus.request("broken", b"", 5.0)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(silent(bus))
        await clock.advance(4.9)
        assert not asking.done()
        await clock.advance(0.2)
    assert asking.result()


async def silent(bus: Bus) -> bool:
    with pytest.raises(NodeSilent, match="within 5 s"):
        await bus.request("slow", b"", 5.0)
    return True


async def test_a_wait_ends_by_the_bus_or_by_the_clock() -> None:
    clock = VirtualClock()
    bus = LocalBus(clock)
    async with Waking(bus, "work", clock) as waking, asyncio.TaskGroup() as group:
        by_bus = group.create_task(waking.wait(60.0))
        await turn()
        bus.publish("work")
        await by_bus
        assert clock.monotonic() == 0.0
        # Published while we were busy: the next wait must not sleep over it.
        waking.forget()
        bus.publish("work")
        await turn()
        await waking.wait(60.0)
        assert clock.monotonic() == 0.0
        waking.forget()
        by_clock = group.create_task(waking.wait(60.0))
        await clock.advance(59.0)
        assert not by_clock.done()
        await clock.advance(1.0)
        await by_clock
