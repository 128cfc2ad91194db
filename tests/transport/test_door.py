"""HTTP on the port of the WebSockets: handshakes, refusals, and the requests that go to a handler."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import SimpleNamespace
from typing import cast

import pytest

from forecourt.clock import VirtualClock
from forecourt.transport import (
    Accept,
    Handshake,
    HttpRequest,
    HttpResponse,
    Limits,
    Listener,
    NoCommonSubprotocol,
    Refuse,
    Sweeper,
    forbidden,
    listen,
    not_found,
    unauthorized,
    unavailable,
)
from forecourt.transport.handshake import Decision
from forecourt.transport.turns import Turns
from tests.transport.raw import CLOSE, Raw, Recorder, opening, soon

Serve = Callable[[HttpRequest], Awaitable[HttpResponse]]


@asynccontextmanager
async def door(
    decide: Callable[[Handshake], Decision] | None = None,
    *,
    http: Serve | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Listener]:
    clock = VirtualClock()
    listener = await listen(
        decide or (lambda handshake: Accept(Recorder(), "ocpp1.6")),
        host="127.0.0.1",
        http=http,
        limits=limits or Limits(),
        sweeper=Sweeper(clock),
    )
    try:
        yield listener
    finally:
        closing = asyncio.get_running_loop().create_task(listener.close())
        while not closing.done():
            await clock.advance(seconds=60)
        await closing


async def ask(port: int, request: bytes) -> bytes:
    """Send one request and read until the server ends the connection."""
    raw = await Raw.connect(port)
    raw.write(request)
    answer = await raw.rest()
    await raw.close()
    return answer


def status(answer: bytes) -> int:
    match = re.match(rb"HTTP/1.1 (\d+) ", answer)
    assert match is not None, answer
    return int(match[1])


async def remaining(listener: Listener, count: int) -> None:
    """Wait until the listener has noticed that only so many connections are left."""

    async def noticed() -> None:
        while listener.connections != count:
            await asyncio.to_thread(lambda: None)

    await soon(noticed())


async def response(raw: Raw) -> tuple[int, bytes]:
    """Read one response of a connection that stays open."""
    head = await soon(raw.reader.readuntil(b"\r\n\r\n"))
    length = re.search(rb"(?i)content-length: (\d+)", head)
    assert length is not None
    return status(head), await soon(raw.reader.readexactly(int(length[1])))


# Handshakes.


async def test_a_decision_sees_all_that_the_station_says() -> None:
    seen: list[Handshake] = []

    def decide(handshake: Handshake) -> Decision:
        seen.append(handshake)
        return Accept(Recorder(), "ocpp2.0.1")

    async with door(decide) as listener:
        request = opening(
            "/ocpp/RDAM%7C123?a=b&c",
            subprotocols=("ocpp2.0.1", "ocpp1.6"),
            headers=["Authorization: Basic UkRBTXwxMjM6YTpiOmM=", "X-Note: caf\xe9"],
        )
        raw = await Raw.upgraded(listener.port, request)
        assert b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n" in raw.head
        await raw.close()
    (handshake,) = seen
    assert (handshake.path, handshake.query) == ("/ocpp/RDAM%7C123", "a=b&c")
    assert handshake.subprotocols == ("ocpp2.0.1", "ocpp1.6")
    assert handshake.credentials is not None
    assert (handshake.credentials.username, handshake.credentials.password) == ("RDAM|123", b"a:b:c")
    assert handshake.peer.host == "127.0.0.1"
    assert handshake.certificate is None
    assert not handshake.secure
    assert "x-note" in handshake.headers


@pytest.mark.parametrize(
    ("refusal", "expected", "header"),
    [
        (not_found("no such station"), 404, b""),
        (unauthorized("who are you?"), 401, b'WWW-Authenticate: Basic realm="OCPP"'),
        (forbidden("not you"), 403, b""),
        (unavailable("later", 17), 503, b"Retry-After: 17"),
        (Refuse(HTTPStatus.BAD_REQUEST, "which OCPP?"), 400, b""),
    ],
)
async def test_a_refusal_is_an_http_answer_before_the_upgrade(refusal: Refuse, expected: int, header: bytes) -> None:
    async with door(lambda handshake: refusal) as listener:
        answer = await ask(listener.port, opening())
        assert status(answer) == expected
        assert header in answer
        assert b"Connection: close" in answer
        assert answer.endswith(refusal.reason.encode() + b"\n")
        assert listener.counts[f"http_{expected}"] == 1


async def test_without_a_common_subprotocol_the_upgrade_is_completed_and_closed_at_once() -> None:
    async with door(lambda handshake: NoCommonSubprotocol()) as listener:
        raw = await Raw.upgraded(listener.port, opening(subprotocols=("ocpp1.2",)))
        assert b"sec-websocket-protocol" not in raw.head.lower()
        assert await raw.close_code() == 1002
        raw.send(CLOSE, b"\x03\xea")
        assert await raw.rest() == b""
        await raw.close()
        assert listener.counts["no_common_subprotocol"] == 1


async def test_a_failing_decision_tells_the_peer_nothing_of_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    def decide(handshake: Handshake) -> Decision:
        raise ZeroDivisionError("secret detail")

    async with door(decide) as listener:
        with caplog.at_level(logging.ERROR):
            answer = await ask(listener.port, opening())
    assert status(answer) == 500
    assert b"secret" not in answer
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (opening(drop="Sec-WebSocket-Version"), 426),
        (opening(drop="Sec-WebSocket-Version", headers=["Sec-WebSocket-Version: 8"]), 426),
        (opening(drop="Sec-WebSocket-Key"), 400),
        (opening(drop="Sec-WebSocket-Key", headers=["Sec-WebSocket-Key: c2hvcnQ="]), 400),
        (opening(drop="Sec-WebSocket-Key", headers=["Sec-WebSocket-Key: ?"]), 400),
        (opening(drop="Connection"), 400),
        (opening(drop="Host"), 400),
        (opening(headers=["Content-Length: 3"]) + b"abc", 400),
        (opening().replace(b"GET ", b"PUT "), 400),
        (opening().replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (opening().replace(b"HTTP/1.1", b"HTTP/3.0"), 505),
        (opening(drop="Upgrade"), 426),
        (b"GET /ocpp/CS1 HTTP/1.1\r\nHost: a\r\n\r\n", 426),
        (b"POST /ocpp/CS1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 405),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000, 431),
    ],
)
async def test_what_is_no_opening_handshake_gets_the_fitting_status(request_bytes: bytes, expected: int) -> None:
    async with door() as listener:
        answer = await ask(listener.port, request_bytes)
        assert status(answer) == expected
        await remaining(listener, 0)
        if expected == 426:
            assert b"Upgrade: websocket" in answer or b"Sec-WebSocket-Version: 13" in answer


async def test_a_handshake_in_single_bytes_is_as_good_as_one_in_a_piece() -> None:
    async with door() as listener:
        raw = await Raw.connect(listener.port)
        for byte in opening():
            raw.write(bytes([byte]))
            await soon(raw.writer.drain())
        assert (await soon(raw.reader.readuntil(b"\r\n\r\n"))).startswith(b"HTTP/1.1 101")
        await raw.close()


async def test_whoever_does_not_finish_the_handshake_in_time_is_dropped() -> None:
    async with door(limits=Limits(handshake_timeout_s=10)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(opening()[:-5])
        await ask(listener.port, b"garbage\r\n\r\n")  # by now the other's bytes have been read too
        await remaining(listener, 1)
        listener.sweeper.sweep(9.9)
        await remaining(listener, 1)
        listener.sweeper.sweep(10.0)
        assert await raw.rest() == b""
        await raw.close()
        assert listener.counts["timed_out"] == 1


async def test_a_connection_that_says_nothing_is_dropped_too() -> None:
    async with door(limits=Limits(handshake_timeout_s=10)) as listener:
        raw = await Raw.connect(listener.port)
        await ask(listener.port, b"garbage\r\n\r\n")
        await remaining(listener, 1)
        listener.sweeper.sweep(10.0)
        assert await raw.rest() == b""
        await raw.close()


async def test_a_flood_of_handshakes_is_served_whole_and_nobody_is_dropped_for_waiting() -> None:
    async with door(limits=Limits(handshake_timeout_s=10)) as listener:
        # Each may come only when its turn is there, which is never before we let it.
        taken: list[Callable[[], object]] = []
        turns = listener.turns
        all_there = asyncio.Event()

        def take(callback: Callable[[], object]) -> None:
            taken.append(callback)
            if len(taken) == 50:
                all_there.set()

        listener.turns = cast(Turns, SimpleNamespace(take=take))
        raws = [await Raw.connect(listener.port) for _ in range(50)]
        for raw in raws:
            raw.write(opening())
        await soon(all_there.wait())
        listener.sweeper.sweep(10.0)
        for callback in taken:
            turns.take(callback)
        for raw in raws:
            assert (await soon(raw.reader.readuntil(b"\r\n\r\n"))).startswith(b"HTTP/1.1 101")
            await raw.close()
        assert listener.counts["timed_out"] == 0


# Other requests.


async def echo(request: HttpRequest) -> HttpResponse:
    what = f"{request.method} {request.path}?{request.query} ".encode()
    return HttpResponse(HTTPStatus.OK, what + request.body, headers={"X-Note": "hello"})


def post(body: bytes, *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} /soap?x HTTP/1.1", "Host: a", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def test_requests_go_to_the_handler_one_after_another_on_one_connection() -> None:
    async with door(http=echo) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b"one") + post(b"two"))
        assert await response(raw) == (200, b"POST /soap?x one")
        assert await response(raw) == (200, b"POST /soap?x two")
        raw.write(b"GET /soap?wsdl HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await raw.rest()).endswith(b"GET /soap?wsdl ")
        await raw.close()


async def test_a_websocket_may_follow_a_request_on_the_same_connection() -> None:
    async with door(http=echo) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b"one"))
        await response(raw)
        raw.write(opening())
        assert (await soon(raw.reader.readuntil(b"\r\n\r\n"))).startswith(b"HTTP/1.1 101")
        await raw.close()


async def test_chunked_and_compressed_bodies_are_read() -> None:
    async with door(http=echo) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(
            b"POST /soap HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
        assert await response(raw) == (200, b"POST /soap? abcde")
        raw.write(post(gzip.compress(b"zipped"), "Content-Encoding: gzip"))
        assert await response(raw) == (200, b"POST /soap?x zipped")
        raw.write(post(zlib.compress(b"deflated"), "Content-Encoding: deflate"))
        assert await response(raw) == (200, b"POST /soap?x deflated")
        bare = zlib.compressobj(wbits=-15)
        raw.write(post(bare.compress(b"bare") + bare.flush(), "Content-Encoding: identity, deflate"))
        assert await response(raw) == (200, b"POST /soap?x bare")
        await raw.close()


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (post(b"x" * 1001), 413),
        (b"POST /soap HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3f0\r\n" + b"x" * 1008 + b"\r\n", 413),
        (post(gzip.compress(b"0" * 1_000_000)[:1000], "Content-Encoding: gzip"), 413),
        (post(b"no gzip", "Content-Encoding: gzip"), 400),
        (post(gzip.compress(b"cut off")[:-4], "Content-Encoding: gzip"), 400),
        (post(b"x", "Content-Encoding: br"), 415),
        (b"POST /soap HTTP/1.1\r\nHost: a\r\n\r\n", 411),
        (b"POST /soap HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n", 400),
        (b"POST /soap HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /soap HTTP/2.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 505),
    ],
)
async def test_a_body_that_cannot_be_taken_gets_the_fitting_status(request_bytes: bytes, expected: int) -> None:
    async with door(http=echo, limits=Limits(max_body_bytes=1000)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(request_bytes)
        got, _ = await response(raw)
        assert got == expected
        await raw.close()


async def test_a_refused_body_that_is_still_coming_does_not_cost_the_client_our_answer() -> None:
    async with door(http=echo, limits=Limits(max_body_bytes=1000)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(b"POST /soap HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        await soon(raw.writer.drain())
        assert status(await raw.rest()) == 413
        await raw.close()


async def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async with door(http=echo) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(b"POST /soap HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert await soon(raw.reader.readuntil(b"\r\n\r\n")) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.write(b"abc")
        assert await response(raw) == (200, b"POST /soap? abc")
        await raw.close()


async def test_a_head_request_gets_no_body() -> None:
    async with door(http=echo) as listener:
        answer = await ask(listener.port, b"HEAD /soap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert status(answer) == 200
        assert answer.endswith(b"\r\n\r\n")


async def test_a_failing_handler_is_an_internal_error_without_details(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError("secret detail")

    async with door(http=fail) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b""))
        got, body = await response(raw)
        assert got == 500
        assert b"secret" not in body
        await raw.close()
    assert "secret detail" in caplog.text


async def test_a_handler_that_takes_too_long_is_not_waited_for_and_not_cut_off() -> None:
    began, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        began.set()
        await go_on.wait()
        ended.set()
        return HttpResponse(HTTPStatus.OK)

    async with door(http=slow, limits=Limits(exchange_timeout_s=30)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b""))
        await soon(began.wait())
        listener.sweeper.sweep(30.0)
        assert status(await raw.rest()) == 503
        await raw.close()
        assert not ended.is_set()
        go_on.set()
        await soon(ended.wait())


async def test_a_body_that_trickles_is_given_up() -> None:
    async with door(http=echo, limits=Limits(exchange_timeout_s=30, handshake_timeout_s=10)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(b"POST /soap HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        await soon(raw.reader.readuntil(b"\r\n\r\n"))
        raw.write(b"abc")
        listener.sweeper.sweep(29.9)
        assert listener.connections == 1
        listener.sweeper.sweep(30.0)
        assert await raw.rest() == b""
        await raw.close()


async def test_a_connection_at_rest_is_closed_after_a_while() -> None:
    async with door(http=echo, limits=Limits(keep_alive_s=20)) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b"one"))
        await response(raw)
        listener.sweeper.sweep(19.9)
        assert listener.connections == 1
        listener.sweeper.sweep(20.0)
        assert await raw.rest() == b""
        await raw.close()


async def test_a_client_that_leaves_while_its_request_is_handled_does_no_harm() -> None:
    go_on, began, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        began.set()
        await go_on.wait()
        ended.set()
        return HttpResponse(HTTPStatus.OK)

    async with door(http=slow) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b""))
        await soon(began.wait())
        raw.writer.transport.abort()
        go_on.set()
        await soon(ended.wait())


async def test_closing_lets_an_answer_be_finished() -> None:
    go_on, began = asyncio.Event(), asyncio.Event()

    async def slow(request: HttpRequest) -> HttpResponse:
        began.set()
        await go_on.wait()
        return HttpResponse(HTTPStatus.OK, b"done")

    async with door(http=slow) as listener:
        raw = await Raw.connect(listener.port)
        raw.write(post(b""))
        await soon(began.wait())
        closing = asyncio.get_running_loop().create_task(listener.close())
        await asyncio.to_thread(lambda: None)
        assert not closing.done()
        go_on.set()
        answer = await raw.rest()
        assert status(answer) == 200
        assert b"Connection: close" in answer
        await soon(closing)
        await raw.close()
