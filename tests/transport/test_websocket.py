"""One WebSocket connection over a real socket, time standing still unless a test moves it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from forecourt.clock import VirtualClock
from forecourt.transport import Accept, Closed, Compression, Handshake, Limits, Sweeper, WebSocket, dial, listen
from forecourt.transport.framing import INITIAL_BUFFER_BYTES
from tests.transport.raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Raw,
    Recorder,
    deflated,
    frame,
    opening,
    soon,
)

DEFLATE = opening(headers=["Sec-WebSocket-Extensions: permessage-deflate"])
SMALL = Limits(max_message_bytes=1000)


class Scene:
    """A listener whose connections report to recorders, under a clock that stands still."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sweeper = Sweeper(self.clock)
        self.recorder = Recorder()
        self.port = 0

    async def open(self, request: bytes | None = None) -> tuple[Raw, Recorder]:
        """Connect a raw client."""
        self.recorder = Recorder()
        raw = await Raw.upgraded(self.port, request)
        await soon(self.recorder.open.wait())
        return raw, self.recorder


@asynccontextmanager
async def scene(limits: Limits | None = None) -> AsyncIterator[Scene]:
    there = Scene()

    def decide(handshake: Handshake) -> Accept:
        return Accept(there.recorder, handshake.subprotocols[0])

    listener = await listen(decide, host="127.0.0.1", limits=limits or Limits(), sweeper=there.sweeper)
    there.port = listener.port
    try:
        yield there
    finally:
        closing = asyncio.get_running_loop().create_task(listener.close())
        while not closing.done():
            await there.clock.advance(seconds=60)
        await closing


async def test_messages_go_both_ways() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        raw.send(TEXT, "[2,é]".encode())
        assert await soon(recorder.messages.get()) == "[2,é]".encode()
        recorder.socket.send(b"[3]")
        assert await raw.text() == b"[3]"
        await raw.close()


async def test_fragments_are_joined_with_control_frames_between_them() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        raw.send(TEXT, b"one ", fin=False)
        raw.send(PING, b"in between")
        raw.send(CONTINUATION, b"", fin=False)
        raw.send(CONTINUATION, "größ".encode()[:3], fin=False)
        raw.send(CONTINUATION, "größ".encode()[3:])
        assert await raw.receive() == (0x80 | PONG, b"in between")
        assert await soon(recorder.messages.get()) == "one größ".encode()
        await raw.close()


async def test_a_ping_is_answered_and_an_unasked_pong_ignored() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        raw.send(PONG, b"nobody asked")
        raw.send(PING, b"")
        assert await raw.receive() == (0x80 | PONG, b"")
        assert recorder.messages.empty()
        await raw.close()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([frame(TEXT, b"\xff\xfe")], 1007),
        ([frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"\xff")], 1007),
        ([frame(BINARY, b"[2]")], 1003),
        ([frame(BINARY, b"[2", fin=False)], 1003),
        ([frame(CONTINUATION, b"of nothing")], 1002),
        ([frame(TEXT, b"a", fin=False), frame(TEXT, b"b")], 1002),
        ([frame(TEXT, b"a", rsv=4)], 1002),
        ([frame(TEXT, b"a", rsv=2)], 1002),
        ([frame(TEXT, b"a", rsv=1)], 1002),
        ([frame(PING, b"a", rsv=4)], 1002),
        ([frame(TEXT, b"a", masked=False)], 1002),
        ([frame(7, b"a")], 1002),
        ([frame(TEXT, b"x" * 1001)], 1009),
        ([frame(TEXT, b"x" * 600, fin=False), frame(CONTINUATION, b"x" * 401, fin=False)], 1009),
    ],
)
async def test_a_breach_of_the_websocket_protocol_closes_with_its_code(sent: list[bytes], code: int) -> None:
    async with scene(SMALL) as there:
        raw, recorder = await there.open()
        raw.write(b"".join(sent))
        assert await raw.close_code() == code
        raw.send(TEXT, b"what comes now is not heard")
        raw.send(CLOSE, code.to_bytes(2, "big"))
        await raw.rest()
        await raw.close()
        how = await soon(recorder.ended)
        assert (how.code, how.by_peer) == (code, False)
        assert recorder.messages.empty()


async def test_a_message_of_exactly_the_limit_is_taken() -> None:
    async with scene(SMALL) as there:
        raw, recorder = await there.open()
        raw.send(TEXT, b"x" * 1000)
        raw.send(TEXT, b"x" * 500, fin=False)
        raw.send(CONTINUATION, b"x" * 500)
        for _ in range(2):
            assert await soon(recorder.messages.get()) == b"x" * 1000
        await raw.close()


async def test_a_peer_that_goes_on_sending_an_oversized_message_still_gets_the_close() -> None:
    async with scene(SMALL) as there:
        raw, recorder = await there.open()
        whole = frame(TEXT, b"x" * 3_000_000)
        raw.write(whole[:2_000])
        assert await raw.close_code() == 1009
        raw.write(whole[2_000:])
        await soon(raw.writer.drain())
        await raw.close()
        assert (await soon(recorder.ended)).code == 1009


# Compression.


async def test_compressed_messages_are_taken_and_long_ones_sent_compressed() -> None:
    async with scene() as there:
        raw, recorder = await there.open(DEFLATE)
        assert b"permessage-deflate; server_no_context_takeover; client_no_context_takeover" in raw.head
        raw.send(TEXT, deflated(b"[2,compressed]"), rsv=4)
        raw.send(TEXT, b"[2,plain]")
        whole = deflated(b"[2,in two parts]")
        raw.send(TEXT, whole[:4], fin=False, rsv=4)
        raw.send(CONTINUATION, whole[4:])
        got = [await soon(recorder.messages.get()) for _ in range(3)]
        assert got == [b"[2,compressed]", b"[2,plain]", b"[2,in two parts]"]
        recorder.socket.send(b"x" * 199)
        assert await raw.text() == b"x" * 199
        recorder.socket.send(b"x" * 200)
        first, payload = await raw.receive()
        assert first == 0xC1
        assert len(payload) < 20
        await raw.close()


@pytest.mark.parametrize(
    ("payload", "code"),
    [(deflated(b"0" * 10_000_000), 1009), (b"\xff\xff", 1007), (deflated(b"\xff\xfe"), 1007)],
    ids=["zip bomb", "not deflated", "not UTF-8"],
)
async def test_a_bad_compressed_message_closes_with_its_code(payload: bytes, code: int) -> None:
    async with scene(Limits(max_message_bytes=100_000)) as there:
        raw, recorder = await there.open(DEFLATE)
        raw.send(TEXT, payload, rsv=4)
        assert await raw.close_code() == code
        await raw.close()
        assert (await soon(recorder.ended)).code == code


async def test_rsv1_on_a_continuation_is_a_breach_even_with_compression() -> None:
    async with scene() as there:
        raw, _ = await there.open(DEFLATE)
        raw.send(TEXT, b"a", fin=False)
        raw.send(CONTINUATION, b"b", rsv=4)
        assert await raw.close_code() == 1002
        await raw.close()


async def test_compression_can_be_switched_off() -> None:
    async with scene(Limits(compression=None)) as there:
        raw, recorder = await there.open(DEFLATE)
        assert b"permessage-deflate" not in raw.head
        recorder.socket.send(b"x" * 1000)
        assert await raw.text() == b"x" * 1000
        await raw.close()


@pytest.mark.parametrize("keep", [False, True])
async def test_our_client_and_our_server_agree_on_compression(keep: bool) -> None:
    limits = Limits(compression=Compression(threshold_bytes=1, keep_context=keep))
    async with scene(limits) as there:
        client = Recorder()
        websocket = await dial(
            f"ws://127.0.0.1:{there.port}/", lambda _: client, subprotocols=["a"], limits=limits, sweeper=there.sweeper
        )
        for number in range(5):
            message = b"the same message %d " % number * 50
            websocket.send(message)
            assert await soon(there.recorder.messages.get()) == message
            there.recorder.socket.send(message)
            assert await soon(client.messages.get()) == message
        websocket.close()
        await soon(client.ended)


# Closing.


@pytest.mark.parametrize("code", [1000, 1001, 1008, 3000, 4999])
async def test_a_close_is_answered_with_the_same_code_and_the_server_ends_the_connection(code: int) -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        raw.send(CLOSE, code.to_bytes(2, "big") + "Grüße".encode())
        assert await raw.close_code() == code
        assert await raw.rest() == b""
        assert await soon(recorder.ended) == Closed(code, "Grüße", by_peer=True)
        await raw.close()


async def test_a_close_without_a_code_is_answered_without_one() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        raw.send(CLOSE)
        assert await raw.receive() == (0x80 | CLOSE, b"")
        assert await soon(recorder.ended) == Closed(1005, "", by_peer=True)
        await raw.close()


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
async def test_a_code_that_must_not_be_sent_is_answered_with_a_protocol_error(code: int) -> None:
    async with scene() as there:
        raw, _ = await there.open()
        raw.send(CLOSE, code.to_bytes(2, "big"))
        assert await raw.close_code() == 1002
        await raw.close()


async def test_our_close_waits_for_the_answer_and_then_ends_the_connection() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        recorder.socket.send(b"still arrives")
        recorder.socket.close(1001, "going")
        recorder.socket.send(b"never arrives")
        assert not recorder.socket.is_open
        assert await raw.text() == b"still arrives"
        assert await raw.receive() == (0x80 | CLOSE, b"\x03\xe9going")
        raw.send(TEXT, b"not heard any more")
        raw.send(CLOSE, b"\x03\xe9")
        assert await raw.rest() == b""
        assert await soon(recorder.ended) == Closed(1001, "going", by_peer=False)
        assert recorder.messages.empty()
        await raw.close()


async def test_a_long_reason_is_cut_between_two_characters() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        recorder.socket.close(1008, "ä" * 100)
        _, payload = await raw.receive()
        assert payload[2:].decode() == "ä" * 61
        await raw.close()
        await soon(recorder.ended)


async def test_a_peer_that_does_not_answer_our_close_is_dropped_at_the_deadline() -> None:
    async with scene(Limits(close_timeout_s=5)) as there:
        raw, recorder = await there.open()
        recorder.socket.close(1000)
        assert await raw.close_code() == 1000
        there.sweeper.sweep(4.9)
        assert not recorder.ended.done()
        there.sweeper.sweep(5.0)
        assert await raw.rest() == b""
        assert await soon(recorder.ended) == Closed(1000, "", by_peer=False)
        await raw.close()


async def test_a_connection_that_just_ends_is_an_abnormal_close() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        await raw.close()
        assert await soon(recorder.ended) == Closed(1006, "the connection was lost", by_peer=True)


async def test_closing_and_aborting_twice_changes_nothing() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        recorder.socket.close(1000, "first")
        recorder.socket.close(1001, "second")
        recorder.socket.abort("third")
        recorder.socket.abort("fourth")
        assert (await soon(recorder.ended)).reason == "first"
        await soon(recorder.ended)
        recorder.socket.abort("fifth")
        await raw.close()


async def test_a_client_answers_a_close_and_leaves_ending_the_connection_to_the_server() -> None:
    async with scene() as there:
        client = Recorder()
        await dial(f"ws://127.0.0.1:{there.port}/", lambda _: client, subprotocols=["a"], sweeper=there.sweeper)
        there.recorder.socket.close(4000, "bye")
        assert await soon(client.ended) == Closed(4000, "bye", by_peer=True)
        assert await soon(there.recorder.ended) == Closed(4000, "bye", by_peer=False)


# Dead, slow and greedy peers.


async def test_a_silent_peer_is_pinged_and_lives_on_if_it_answers() -> None:
    async with scene(Limits(ping_interval_s=60, pong_timeout_s=30)) as there:
        raw, recorder = await there.open()
        await there.clock.advance(seconds=61)
        assert await raw.receive() == (0x80 | PING, b"")
        raw.send(PONG)
        raw.send(TEXT, b"heard after the pong")
        await soon(recorder.messages.get())
        await there.clock.advance(seconds=50)
        assert not recorder.ended.done()
        await there.clock.advance(seconds=45)
        assert await raw.receive() == (0x80 | PING, b"")
        await raw.close()


async def test_a_peer_that_does_not_answer_a_ping_is_taken_for_dead() -> None:
    async with scene(Limits(ping_interval_s=60, pong_timeout_s=30)) as there:
        raw, recorder = await there.open()
        await there.clock.advance(seconds=60.5)
        assert await raw.receive() == (0x80 | PING, b"")
        await there.clock.advance(seconds=29)
        assert not recorder.ended.done()
        await there.clock.advance(seconds=2)
        assert await soon(recorder.ended) == Closed(1006, "the peer does not answer pings", by_peer=False)
        await raw.close()


async def test_whoever_speaks_is_not_pinged() -> None:
    async with scene(Limits(ping_interval_s=60, pong_timeout_s=30)) as there:
        raw, recorder = await there.open()
        for _ in range(4):
            await there.clock.advance(seconds=50)
            raw.send(TEXT, b"[2]")
            await soon(recorder.messages.get())
        recorder.socket.send(b"the first thing sent")
        assert await raw.text() == b"the first thing sent"
        await raw.close()


async def test_pings_can_be_switched_off() -> None:
    async with scene(Limits(ping_interval_s=None)) as there:
        raw, recorder = await there.open()
        await there.clock.advance(seconds=100_000)
        recorder.socket.send(b"the first thing sent")
        assert await raw.text() == b"the first thing sent"
        await raw.close()


async def test_the_receiver_is_told_when_its_deadline_has_come() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        recorder.deadline = 7.0
        recorder.socket.hasten(7.0)
        there.sweeper.sweep(6.9)
        assert recorder.deadlines_met == []
        there.sweeper.sweep(7.0)
        assert recorder.deadlines_met == [7.0]
        await raw.close()


async def test_a_receiver_may_close_when_its_deadline_has_come() -> None:
    class Impatient(Recorder):
        def handle_deadline(self, now: float) -> None:
            super().handle_deadline(now)
            self.socket.close(1008, "too late")

    async with scene(Limits(close_timeout_s=5)) as there:
        there.recorder = impatient = Impatient()
        raw = await Raw.upgraded(there.port)
        impatient.deadline = 7.0
        impatient.socket.hasten(7.0)
        there.sweeper.sweep(7.0)
        assert await raw.close_code() == 1008
        there.sweeper.sweep(12.0)
        assert await raw.rest() == b""
        assert (await soon(impatient.ended)).reason == "too late"
        await raw.close()


def choke(raw: Raw) -> None:
    """Let the client's side take in almost nothing."""
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]


async def test_a_peer_that_does_not_read_is_dropped_when_too_much_waits_for_it() -> None:
    async with scene(Limits(max_outgoing_bytes=1_000_000, compression=None)) as there:
        raw, recorder = await there.open()
        choke(raw)
        sent = 0
        while recorder.socket.is_open and not recorder.ended.done() and sent < 50_000_000:
            recorder.socket.send(b"x" * 100_000)
            sent += 100_000
            await asyncio.to_thread(lambda: None)
        assert (await soon(recorder.ended)).reason == "the peer does not read what it is sent"
        assert sent < 50_000_000
        raw.writer.transport.abort()


async def test_what_a_slow_peer_has_not_read_yet_is_known() -> None:
    async with scene(Limits(compression=None)) as there:
        raw, recorder = await there.open()
        assert recorder.socket.outgoing_bytes == 0
        choke(raw)
        while not recorder.socket.outgoing_bytes:
            recorder.socket.send(b"x" * 100_000)
        raw.writer.transport.resume_reading()  # type: ignore[attr-defined]
        while recorder.socket.outgoing_bytes:
            await raw.receive()
        await raw.close()


async def test_a_receiver_that_pauses_is_not_sent_more_until_it_resumes() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        recorder.socket.pause_reading()
        recorder.socket.pause_reading()
        raw.send(TEXT, b"held back")
        recorder.socket.send(b"sending goes on")
        assert await raw.text() == b"sending goes on"
        assert recorder.messages.empty()
        # A peer that is not listened to is not taken for dead.
        await there.clock.advance(seconds=1000)
        recorder.socket.resume_reading()
        assert await soon(recorder.messages.get()) == b"held back"
        await raw.close()


async def test_a_flood_is_not_read_until_the_second_is_over() -> None:
    async with scene(Limits(max_frames_per_s=100)) as there:
        raw, recorder = await there.open()
        raw.write(frame(TEXT, b"x") * 100)
        for _ in range(100):
            await soon(recorder.messages.get())
        raw.write(frame(TEXT, b"y"))
        assert await soon(recorder.messages.get()) == b"y"
        raw.write(frame(TEXT, b"z"))
        recorder.socket.send(b"sending goes on")
        assert await raw.text() == b"sending goes on"
        assert recorder.messages.empty()
        there.sweeper.sweep(0.5)
        assert recorder.messages.empty()
        await there.clock.advance(seconds=1.1)
        assert await soon(recorder.messages.get()) == b"z"
        await raw.close()


async def test_a_connection_that_took_in_a_large_message_is_small_again() -> None:
    async with scene() as there:
        raw, recorder = await there.open()
        for size in (200_000, 10, 60_000, 20):
            raw.send(TEXT, b"x" * size)
            assert len(await soon(recorder.messages.get())) == size
        raw.send(PING)
        await raw.receive()
        assert recorder.socket._frames.buffer_bytes() <= INITIAL_BUFFER_BYTES
        recorder.socket.send(b"and sending works")
        assert await raw.text() == b"and sending works"
        await raw.close()


async def test_many_messages_in_one_read_all_arrive_in_order() -> None:
    async with scene(Limits(max_frames_per_s=10_000)) as there:
        raw, recorder = await there.open()
        expected = [b"message %d " % number * (number % 50 + 1) for number in range(2000)]
        raw.write(b"".join(frame(TEXT, message) for message in expected))
        assert [await soon(recorder.messages.get()) for _ in expected] == expected
        await raw.close()


async def test_a_failing_receiver_costs_only_its_own_connection(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Recorder):
        def received(self, message: bytes) -> None:
            raise ZeroDivisionError

        def closed(self, how: Closed) -> None:
            super().closed(how)
            raise ZeroDivisionError

    async with scene() as there:
        there.recorder = Failing()
        failing = there.recorder
        raw = await Raw.upgraded(there.port)
        other, recorder = await there.open()
        raw.send(TEXT, b"[2]")
        assert await raw.close_code() == 1011
        await raw.close()
        assert (await soon(failing.ended)).code == 1011
        other.send(TEXT, b"[2]")
        assert await soon(recorder.messages.get()) == b"[2]"
        await other.close()
    assert caplog.text.count("a receiver failed") == 2


async def test_a_receiver_may_close_while_it_is_told_of_the_opening() -> None:
    class Unwilling(Recorder):
        def opened(self, websocket: WebSocket) -> None:
            super().opened(websocket)
            websocket.close(4000, "no")

    async with scene() as there:
        there.recorder = Unwilling()
        raw = await Raw.upgraded(there.port, behind=frame(TEXT, b"sent along"))
        assert await raw.close_code() == 4000
        await raw.close()
        await soon(there.recorder.ended)
        assert there.recorder.messages.empty()


async def test_frames_sent_along_with_the_handshake_are_taken() -> None:
    async with scene() as there:
        raw = await Raw.upgraded(there.port, behind=frame(TEXT, b"early") + frame(TEXT, b"bird")[:3])
        assert await soon(there.recorder.messages.get()) == b"early"
        raw.write(frame(TEXT, b"bird")[3:])
        assert await soon(there.recorder.messages.get()) == b"bird"
        await raw.close()


async def test_a_half_open_connection_is_found_out() -> None:
    """The peer's machine is gone without a word: nothing comes, not even a reset."""
    async with scene(Limits(ping_interval_s=60, pong_timeout_s=30)) as there:
        raw, recorder = await there.open()
        choke(raw)
        await there.clock.advance(seconds=100)
        assert (await soon(recorder.ended)).code == 1006
        raw.writer.transport.abort()
