"""Peers that break the rules, over real sockets: each is handled as docs/wire.md says, and the others notice nothing."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forecourt.clock import VirtualClock
from forecourt.ocpp import v2, v16
from forecourt.ocpp.events import Breach, BreachKind
from forecourt.transport import Handlers, Limits, NoAnswer, Peer, Server, Sweeper, serve
from tests.transport.raw import CONTINUATION, TEXT, Raw, deflated, frame, opening, soon
from tests.transport.test_serving import Log

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "wire.md"


class Scene:
    """A server with a handler that waits to be let go, and a station that does everything right beside the one that does not."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.log = Log()
        self.begun: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.server: Server

    @property
    def handlers(self) -> Handlers:
        """Heartbeat of both dialects waits; MeterValues does not."""

        async def heartbeat_2(station: Peer, message: v2.Heartbeat) -> v2.HeartbeatResponse:
            self.begun.append(station.identity)
            await self.go_on.wait()
            return v2.HeartbeatResponse(current_time=NOW)

        async def heartbeat_16(station: Peer, message: v16.Heartbeat) -> v16.HeartbeatResponse:
            self.begun.append(station.identity)
            await self.go_on.wait()
            return v16.HeartbeatResponse(current_time=NOW)

        def meter_values(station: Peer, message: v2.MeterValues) -> v2.MeterValuesResponse:
            self.begun.append(str(message.meter_value[0].sampled_value[0].value))
            return v2.MeterValuesResponse()

        return {v2.Heartbeat: heartbeat_2, v16.Heartbeat: heartbeat_16, v2.MeterValues: meter_values}

    async def station(self, version: str = "2.0.1", identity: str = "BAD", **options: Any) -> Raw:
        """Connect a raw station."""
        request = opening(f"/ocpp/{identity}", subprotocols=[f"ocpp{version}"], **options)
        return await Raw.upgraded(self.server.port, request)

    async def is_well(self) -> None:
        """A station that keeps the rules is served as if nothing had happened."""
        good = await self.station(identity="GOOD")
        good.send(TEXT, b'[2,"g","Heartbeat",{}]')
        self.go_on.set()
        assert await answer(good) == [3, "g", {"currentTime": "2030-01-01T00:00:00Z"}]
        await good.close()

    def breaches(self) -> list[BreachKind]:
        """What has been counted."""
        return [event.kind for event in self.log.events if isinstance(event, Breach)]


@asynccontextmanager
async def scene(limits: Limits | None = None) -> AsyncIterator[Scene]:
    there = Scene()
    context = serve(
        "127.0.0.1", handlers=there.handlers, observer=there.log, limits=limits, sweeper=Sweeper(there.clock)
    )
    there.server = await context.__aenter__()
    try:
        yield there
        await there.is_well()
    finally:
        closing = asyncio.get_running_loop().create_task(context.__aexit__(None, None, None))
        while not closing.done():
            await there.clock.advance(seconds=60)
        await closing


async def answer(raw: Raw) -> list[Any]:
    return list(json.loads(await raw.text()))


def heartbeat(message_id: str, payload: str = "{}") -> bytes:
    return f'[2,"{message_id}","Heartbeat",{payload}]'.encode()


def metered(value: str) -> bytes:
    sampled = f'[{{"timestamp":"2026-11-20T12:00:00Z","sampledValue":[{{"value":{value}}}]}}]'
    return f'[2,"m","MeterValues",{{"evseId":1,"meterValue":{sampled}}}]'.encode()


# Calls and answers.


async def test_a_second_call_before_the_first_is_answered_waits_its_turn() -> None:
    async with scene() as there:
        there.go_on.clear()
        raw = await there.station()
        raw.write(frame(TEXT, heartbeat("1")) + frame(TEXT, heartbeat("2")))
        while BreachKind.SECOND_CALL not in there.breaches() or not there.begun:
            await asyncio.to_thread(lambda: None)
        assert there.begun == ["BAD"]
        there.go_on.set()
        assert [(await answer(raw))[1] for _ in range(2)] == ["1", "2"]
        await raw.close()


async def test_too_many_calls_before_an_answer_end_the_connection_with_1008() -> None:
    async with scene() as there:
        there.go_on.clear()
        raw = await there.station()
        raw.write(b"".join(frame(TEXT, heartbeat(str(number))) for number in range(20)))
        assert await raw.close_code() == 1008
        await raw.close()
        assert there.breaches()[-1] is BreachKind.TOO_MANY_CALLS
        assert there.begun == ["BAD"]


async def test_a_repeated_call_is_answered_again_without_acting_twice() -> None:
    async with scene() as there:
        raw = await there.station()
        for _ in range(2):
            raw.send(TEXT, heartbeat("1"))
            assert (await answer(raw))[:2] == [3, "1"]
        await raw.close()
        assert there.begun == ["BAD"]
        assert there.breaches() == [BreachKind.REPEATED_CALL]


async def test_an_id_that_is_used_again_for_another_call_is_a_new_call() -> None:
    async with scene() as there:
        raw = await there.station()
        raw.send(TEXT, heartbeat("m"))
        assert (await answer(raw))[:2] == [3, "m"]
        raw.send(TEXT, metered("5"))
        assert await answer(raw) == [3, "m", {}]
        await raw.close()
        assert there.begun == ["BAD", "5"]
        assert there.breaches() == [BreachKind.ID_REUSED]


async def test_a_late_answer_and_an_answer_to_nothing_are_counted_and_ignored() -> None:
    async with scene() as there:
        raw = await there.station()
        station = await there.server.station("BAD")
        call = asyncio.get_running_loop().create_task(station.call(v2.Reset(type="OnIdle"), timeout_s=10))
        _, message_id, *_ = await answer(raw)
        await there.clock.advance(seconds=11)
        with pytest.raises(NoAnswer):
            await soon(call)
        for late in (message_id, "invented"):
            raw.send(TEXT, json.dumps([3, late, {"status": "Accepted"}]).encode())
        raw.send(TEXT, heartbeat("1"))
        assert (await answer(raw))[:2] == [3, "1"]
        await raw.close()
        assert there.breaches() == [BreachKind.LATE_ANSWER, BreachKind.UNKNOWN_ANSWER]


# Messages.


@pytest.mark.parametrize(
    ("version", "message", "expected"),
    [
        ("2.0.1", b"hello", [4, "-1", "RpcFrameworkError"]),
        ("2.1", b"{}", [4, "-1", "RpcFrameworkError"]),
        ("2.0.1", b'[2,"a","Heartbeat",{},{}]', [4, "a", "RpcFrameworkError"]),
        ("2.0.1", b'[9,"a","Heartbeat",{}]', [4, "a", "MessageTypeNotSupported"]),
        ("2.0.1", heartbeat("a", "[]"), [4, "a", "FormatViolation"]),
        ("2.0.1", heartbeat("a", '{"x":1}'), [4, "a", "FormatViolation"]),
        ("2.0.1", b'[2,"a","Reset",{}]', [4, "a", "NotSupported"]),
        ("1.6", b'[2,"a","Nonsense",{}]', [4, "a", "NotImplemented"]),
    ],
)
async def test_a_malformed_message_is_answered_with_its_error_and_the_connection_goes_on(
    version: str, message: bytes, expected: list[Any]
) -> None:
    async with scene() as there:
        raw = await there.station(version)
        raw.send(TEXT, message)
        got = await answer(raw)
        assert [got[0], got[1]] == expected[:2]
        assert isinstance(got[2], str)
        raw.send(TEXT, heartbeat("after"))
        assert (await answer(raw))[:2] == [3, "after"]
        await raw.close()


async def test_an_unreadable_message_gets_no_answer_in_1_6_and_the_connection_goes_on() -> None:
    async with scene() as there:
        raw = await there.station("1.6")
        raw.send(TEXT, b"hello")
        raw.send(TEXT, heartbeat("after"))
        assert (await answer(raw))[:2] == [3, "after"]
        await raw.close()
        assert there.breaches() == [BreachKind.UNREADABLE_FRAME]


@pytest.mark.parametrize("number", ["1e999999", "-1e999999", "1" * 5000, "0." + "1" * 5000])
async def test_a_number_beyond_all_measure_is_refused_at_once(number: str) -> None:
    async with scene() as there:
        raw = await there.station()
        raw.send(TEXT, metered(number))
        assert (await answer(raw))[:3] == [4, "m", "PropertyConstraintViolation"]
        raw.send(TEXT, metered("1e3"))
        assert await answer(raw) == [3, "m", {}]
        await raw.close()


async def test_a_message_nested_too_deeply_is_refused_and_the_connection_goes_on() -> None:
    async with scene() as there:
        raw = await there.station()
        raw.send(TEXT, b"[" * 500_000)
        assert (await answer(raw))[2] == "RpcFrameworkError"
        raw.send(TEXT, heartbeat("after"))
        assert (await answer(raw))[:2] == [3, "after"]
        await raw.close()
        assert there.breaches() == [BreachKind.TOO_DEEP]


async def test_a_message_in_many_fragments_is_one_message() -> None:
    async with scene() as there:
        raw = await there.station()
        message = heartbeat("in pieces")
        raw.send(TEXT, message[:1], fin=False)
        for at in range(1, len(message) - 1):
            raw.send(CONTINUATION, message[at : at + 1], fin=False)
        raw.send(CONTINUATION, message[-1:])
        assert (await answer(raw))[:2] == [3, "in pieces"]
        await raw.close()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([frame(TEXT, b'[2,"1","\xff",{}]')], 1007),
        ([frame(TEXT, b" " * 1_000_001)], 1009),
        ([frame(TEXT, b" " * 600_000, fin=False), frame(CONTINUATION, b" " * 600_000)], 1009),
        ([frame(TEXT, deflated(b" " * 30_000_000), rsv=4)], 1009),
        ([frame(TEXT, b"\x00garbage\xff", rsv=4)], 1007),
        ([frame(2, b"[2]")], 1003),
        ([frame(TEXT, b"[2]", masked=False)], 1002),
    ],
    ids=["bad UTF-8", "oversized", "oversized in fragments", "zip bomb", "not deflated", "binary", "not masked"],
)
async def test_what_breaks_the_websocket_ends_the_connection_with_its_code(sent: list[bytes], code: int) -> None:
    async with scene(Limits(max_message_bytes=1_000_000)) as there:
        raw = await there.station(headers=["Sec-WebSocket-Extensions: permessage-deflate"])
        raw.write(b"".join(sent))
        assert await raw.close_code() == code
        await raw.close()
        assert there.begun == []


# Connections.


@pytest.mark.parametrize(
    ("offered", "status"), [((), b"400"), (("ocpp1.5",), b"101"), (("OCPP1.6",), b"101"), (("soap", "mqtt"), b"101")]
)
async def test_a_wrong_subprotocol_is_never_spoken(offered: tuple[str, ...], status: bytes) -> None:
    async with scene() as there:
        raw = await Raw.connect(there.server.port)
        raw.write(opening("/ocpp/BAD", subprotocols=offered))
        head = await soon(raw.reader.readuntil(b"\r\n\r\n"))
        assert head.startswith(b"HTTP/1.1 " + status)
        assert b"sec-websocket-protocol" not in head.lower()
        if status == b"101":
            assert await raw.close_code() == 1002
        await raw.close()
        assert there.log.comings == []


async def test_a_connection_that_ends_without_close_ends_its_calls_and_nothing_else() -> None:
    async with scene() as there:
        raw = await there.station()
        station = await there.server.station("BAD")
        raw.writer.transport.abort()
        assert (await soon(station.wait_closed())).code == 1006
        assert "BAD" not in there.server.stations


async def test_a_half_open_connection_is_found_out_by_pings() -> None:
    async with scene(Limits(ping_interval_s=60, pong_timeout_s=30)) as there:
        raw = await there.station()
        station = await there.server.station("BAD")
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await there.clock.advance(seconds=95)
        how = await soon(station.wait_closed())
        assert (how.code, how.reason) == (1006, "the peer does not answer pings")
        raw.writer.transport.abort()


async def test_a_slow_reader_is_dropped_before_it_costs_memory() -> None:
    async with scene(Limits(max_outgoing_bytes=500_000, compression=None, max_frames_per_s=1_000_000)) as there:
        raw = await there.station()
        station = await there.server.station("BAD")
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        raw.writer.transport.set_write_buffer_limits(high=1 << 30)
        flood = frame(TEXT, b"x" * 100_000) * 20 + b"".join(frame(9, b"p" * 125) for _ in range(200_000))
        raw.write(flood)
        how = await soon(station.wait_closed())
        assert how.reason == "the peer does not read what it is sent"
        raw.writer.transport.abort()


async def test_a_flood_of_frames_is_read_only_so_fast() -> None:
    async with scene(Limits(max_frames_per_s=50)) as there:
        raw = await there.station()
        raw.write(frame(9, b"") * 51 + frame(TEXT, heartbeat("behind the flood")))
        for _ in range(51):
            assert await raw.receive() == (0x8A, b"")
        # The heartbeat may have come in one read with the flood; what comes later waits for the second to end.
        assert (await answer(raw))[:2] == [3, "behind the flood"]
        raw.send(TEXT, heartbeat("later"))
        await there.is_well()
        assert there.begun.count("BAD") == 1
        await there.clock.advance(seconds=1.1)
        assert (await answer(raw))[:2] == [3, "later"]
        await raw.close()


async def test_slow_handshakes_are_dropped_and_cost_nobody_else_anything() -> None:
    async with scene(Limits(handshake_timeout_s=10)) as there:
        slow = [await Raw.connect(there.server.port) for _ in range(50)]
        for raw in slow:
            raw.write(b"GET /ocpp/SLOW HTTP/1.1\r\nX-A")
        await there.is_well()
        await there.clock.advance(seconds=11)
        for raw in slow:
            assert await raw.rest() == b""
            await raw.close()
        assert there.server.listener.counts["timed_out"] == 50


@pytest.mark.parametrize("garbage", [b"\x00" * 1000, b"\xff\xfe\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"A" * 100_000])
async def test_garbage_instead_of_http_gets_an_error_and_is_counted(garbage: bytes) -> None:
    async with scene() as there:
        raw = await Raw.connect(there.server.port)
        raw.write(garbage)
        assert re.match(rb"HTTP/1.1 4\d\d ", await raw.rest())
        await raw.close()
        assert there.server.listener.counts["unreadable"] == 1


def test_the_page_names_a_test_for_each_row_and_no_test_that_is_not_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    there = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    here = {
        node.name
        for node in ast.walk(ast.parse(Path(__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    assert named <= there, named - there
    assert here <= named, here - named
    table = PAGE.read_text(encoding="utf-8").partition("## Peers that break the rules")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert all("`test_" in row for row in rows)
