from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from forecourt.clock import VirtualClock
from forecourt.transport import Credentials, HandshakeFailed, HandshakeRefused, Limits, Sweeper, dial
from forecourt.transport.dial import Target
from forecourt.transport.framing import accept_key
from tests.transport.raw import TEXT, Recorder, frame, soon


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        ("ws://csms.example/ocpp", Target(False, "csms.example", 80, "/ocpp"), "csms.example"),
        ("wss://csms.example:8443", Target(True, "csms.example", 8443, "/"), "csms.example:8443"),
        ("wss://[::1]/a?b=c", Target(True, "::1", 443, "/a?b=c"), "[::1]"),
        ("ws://127.0.0.1:1/a%7Cb", Target(False, "127.0.0.1", 1, "/a%7Cb"), "127.0.0.1:1"),
    ],
)
def test_a_url_is_taken_apart(url: str, target: Target, authority: str) -> None:
    assert Target.of(url) == target
    assert target.authority == authority


@pytest.mark.parametrize("url", ["http://a/", "ws:///x", "a", "ws://user:secret@a/", "ws://a/#fragment", "ws://a:b/"])
def test_what_is_no_websocket_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"needed|port|Port") as caught:
        Target.of(url)
    assert "secret" not in str(caught.value)


class Scripted:
    """A server that answers each connection with the same bytes, filling in what it takes to accept."""

    def __init__(self, answer: bytes, *, then_close: bool) -> None:
        self.answer = answer
        self.then_close = then_close
        self.port = 0
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
            accept = accept_key(key.partition(b":")[2].strip())
            writer.write(self.answer.replace(b"{accept}", accept))
            if not self.then_close:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted(answer: bytes, *, then_close: bool = False) -> AsyncIterator[Scripted]:
    script = Scripted(answer, then_close=then_close)
    async with await asyncio.start_server(script, "127.0.0.1", 0) as server:
        script.port = server.sockets[0].getsockname()[1]
        yield script


def accepting(*headers: str, without: str = "") -> bytes:
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: WebSocket",
        "Connection: Keep-Alive, Upgrade",
        "Sec-WebSocket-Accept: {accept}",
    ]
    kept = [line for line in lines if line.partition(":")[0] != without]
    return "\r\n".join([*kept, *headers, "", ""]).encode()


async def connect(port: int, **options: object) -> Recorder:
    """Dial with what most tests need."""
    recorder = Recorder()
    await dial(f"ws://127.0.0.1:{port}/ocpp/CS1", lambda _: recorder, **options)  # type: ignore[arg-type]
    return recorder


async def test_frames_behind_the_answer_are_taken() -> None:
    async with scripted(accepting() + frame(TEXT, b"early", masked=False)) as server:
        recorder = await connect(server.port)
        assert await soon(recorder.messages.get()) == b"early"
        recorder.socket.abort("done")
        await soon(recorder.ended)


async def test_the_request_says_what_it_should() -> None:
    async with scripted(accepting("Sec-WebSocket-Protocol: ocpp1.6")) as server:
        recorder = await connect(
            server.port,
            subprotocols=["ocpp2.1", "ocpp1.6"],
            credentials=Credentials("CS1", b"a:b"),
            headers=[("X-Model", "M")],
        )
        recorder.socket.abort("done")
        await soon(recorder.ended)
    (head,) = server.heads
    assert head.startswith(b"GET /ocpp/CS1 HTTP/1.1\r\n")
    for line in (
        f"Host: 127.0.0.1:{server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.1, ocpp1.6",
        "Authorization: Basic Q1MxOmE6Yg==",
        "X-Model: M",
    ):
        assert f"\r\n{line}\r\n".encode() in head
    assert b"permessage-deflate" in head


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (accepting(without="Upgrade"), "not WebSocket"),
        (accepting(without="Connection"), "Connection header"),
        (accepting(without="Sec-WebSocket-Accept"), "somebody else"),
        (accepting("Sec-WebSocket-Accept: bm90IG91cnM=", without="Sec-WebSocket-Accept"), "somebody else"),
        (accepting("Sec-WebSocket-Protocol: ocpp9"), "was not offered: ocpp9"),
        (accepting("Sec-WebSocket-Extensions: x-invented"), "was not offered"),
        (accepting("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=8"), "256 bytes"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nnot here\n\n\n\n", "200 not here"),
    ],
)
async def test_an_answer_that_is_no_acceptance_of_ours_fails(answer: bytes, reason: str) -> None:
    async with scripted(answer) as server:
        with pytest.raises(HandshakeFailed, match=reason):
            await connect(server.port, subprotocols=["ocpp1.6"])


async def test_an_extension_that_was_not_offered_fails() -> None:
    async with scripted(accepting("Sec-WebSocket-Extensions: permessage-deflate")) as server:
        with pytest.raises(HandshakeFailed, match="not offered"):
            await connect(server.port, limits=Limits(compression=None))


async def test_a_refusal_says_status_headers_and_text() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 60\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlater\r\n0\r\n\r\n"
    async with scripted(answer) as server:
        with pytest.raises(HandshakeRefused) as caught:
            await connect(server.port)
    assert (caught.value.status, caught.value.text) == (503, "later")
    assert caught.value.headers.get("retry-after") == "60"


async def test_a_refusal_that_does_not_end_is_cut_off() -> None:
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 10_000
    async with scripted(answer) as server:
        with pytest.raises(HandshakeRefused) as caught:
            await connect(server.port)
    assert len(caught.value.text) == 4096


async def test_a_refusal_that_ends_with_the_connection_is_read_to_its_end() -> None:
    async with scripted(b"HTTP/1.1 401 Unauthorized\r\n\r\nwho are you?", then_close=True) as server:
        with pytest.raises(HandshakeRefused, match="401 who are you"):
            await connect(server.port)


async def test_a_server_that_hangs_up_fails() -> None:
    async with scripted(b"", then_close=True) as server:
        with pytest.raises(HandshakeFailed, match="closed the connection"):
            await connect(server.port)


async def test_a_server_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    clock = VirtualClock()
    async with scripted(b"") as server:
        attempt = asyncio.get_running_loop().create_task(
            connect(server.port, limits=Limits(handshake_timeout_s=10), sweeper=Sweeper(clock))
        )
        while not server.heads:
            await asyncio.to_thread(lambda: None)
        assert not attempt.done()
        await clock.advance(seconds=11)
        with pytest.raises(TimeoutError):
            await soon(attempt)


async def test_nobody_listening_is_an_os_error() -> None:
    async with scripted(b"") as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        await connect(port)


async def test_a_server_that_keeps_its_context_although_asked_not_to_is_understood() -> None:
    # The second message of RFC 7692, 7.2.3.2 refers back to the first.
    first, second = bytes.fromhex("f248cdc9c90700"), bytes.fromhex("f200110000")
    frames = frame(TEXT, first, rsv=4, masked=False) + frame(TEXT, second, rsv=4, masked=False)
    async with scripted(accepting("Sec-WebSocket-Extensions: permessage-deflate") + frames) as server:
        recorder = await connect(server.port)
        assert [await soon(recorder.messages.get()) for _ in range(2)] == [b"Hello", b"Hello"]
        recorder.socket.abort("done")
        await soon(recorder.ended)
