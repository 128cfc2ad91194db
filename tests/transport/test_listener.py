from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from forecourt.clock import VirtualClock
from forecourt.transport import Accept, Handshake, Limits, Sweeper, listen
from forecourt.transport import listener as module
from forecourt.transport.handshake import Decision
from tests.transport.raw import CLOSE, Raw, Recorder, opening, soon


def welcome(handshake: Handshake) -> Decision:
    return Accept(Recorder(), "ocpp1.6")


async def test_it_listens_on_a_free_port_of_one_address_or_of_all() -> None:
    for host in ("127.0.0.1", "localhost", None):
        listener = await listen(welcome, host=host)
        raw = await Raw.upgraded(listener.port)
        assert listener.connections == 1
        await raw.close()
        await soon(listener.close())


async def test_a_port_that_is_taken_is_an_error() -> None:
    listener = await listen(welcome, host="127.0.0.1")
    with pytest.raises(OSError, match=os_text(errno.EADDRINUSE)):
        await listen(welcome, host="127.0.0.1", port=listener.port)
    await soon(listener.close())


def os_text(code: int) -> str:
    return f"Errno {code}"


async def test_closing_says_goodbye_to_everybody_and_waits_for_them() -> None:
    listener = await listen(welcome, host="127.0.0.1")
    port = listener.port
    open_one = await Raw.upgraded(listener.port)
    undecided = await Raw.connect(listener.port)
    closing = asyncio.get_running_loop().create_task(listener.close())
    assert await open_one.close_code() == 1001
    assert await undecided.rest() == b""
    assert not closing.done()
    open_one.send(CLOSE, b"\x03\xe9")
    await soon(closing)
    assert listener.connections == 0
    with pytest.raises(OSError, match=os_text(errno.ECONNREFUSED)):
        await Raw.connect(port)
    for raw in (open_one, undecided):
        await raw.close()


async def test_more_connections_than_allowed_get_503() -> None:
    listener = await listen(welcome, host="127.0.0.1", limits=Limits(max_connections=2))
    first, second = await Raw.upgraded(listener.port), await Raw.upgraded(listener.port)
    third = await Raw.connect(listener.port)
    answer = await third.rest()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in answer
    assert listener.counts["full"] == 1
    await first.close()
    while listener.connections == 2:
        await asyncio.to_thread(lambda: None)
    fourth = await Raw.upgraded(listener.port)
    for raw in (second, third, fourth):
        await raw.close()
    await soon(listener.close())


async def test_fewer_connections_are_allowed_where_the_process_may_open_fewer_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_most_files", lambda: module._OTHER_FILES + 1)
    listener = await listen(welcome, host="127.0.0.1")
    first = await Raw.upgraded(listener.port)
    second = await Raw.connect(listener.port)
    assert (await second.rest()).startswith(b"HTTP/1.1 503 ")
    for raw in (first, second):
        await raw.close()
    await soon(listener.close())


async def test_when_files_run_out_accepting_rests_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock()
    loop = asyncio.get_running_loop()
    accept = loop.sock_accept
    failures = [OSError(errno.ECONNABORTED, "gone before it was accepted"), OSError(errno.EMFILE, "too many files")]
    failed = asyncio.Event()

    async def failing(listening: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            if len(failures) == 1:
                failed.set()
            raise failures.pop(0)
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", failing)
    listener = await listen(welcome, host="127.0.0.1", sweeper=Sweeper(clock))
    await soon(failed.wait())
    raw = await Raw.connect(listener.port)
    raw.write(opening())
    assert listener.counts["accepted"] == 0
    await clock.advance(seconds=1)
    assert (await soon(raw.reader.readuntil(b"\r\n\r\n"))).startswith(b"HTTP/1.1 101")
    assert "no connection can be accepted" in caplog.text
    await raw.close()
    closing = loop.create_task(listener.close())
    await soon(closing)


async def test_a_certificate_cannot_be_given_to_a_listener_without_tls() -> None:
    listener = await listen(welcome, host="127.0.0.1")
    with pytest.raises(RuntimeError, match="without TLS"):
        listener.renew_tls(None)  # type: ignore[arg-type]
    await soon(listener.close())
