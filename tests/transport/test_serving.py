"""`serve` and `connect`, against each other over real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError
from forecourt.ocpp.events import Breach, BreachKind, CallReceived, CallRefused, Event
from forecourt.ocpp.session import Limits as SessionLimits
from forecourt.ocpp.session import QueueFull
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.transport import (
    AnsweredError,
    Closed,
    Disconnected,
    Handlers,
    HandshakeFailed,
    HandshakeRefused,
    NoAnswer,
    Observer,
    Peer,
    Refused,
    Sweeper,
    UnusableAnswer,
    WebSocketPeer,
    Withheld,
    connect,
    serve,
    with_passwords,
)
from forecourt.transport.memories import Memories
from tests.transport.raw import CLOSE, TEXT, Raw, opening, soon

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def on_boot_16(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(current_time=NOW, interval=300, status="Accepted")


def on_boot_2(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
    return v2.BootNotificationResponse(current_time=NOW, interval=300, status="Accepted")


async def on_heartbeat(station: Peer, message: v2.Heartbeat) -> v2.HeartbeatResponse:
    return v2.HeartbeatResponse(current_time=NOW)


def on_reset_16(csms: Peer, message: v16.Reset) -> v16.ResetResponse:
    return v16.ResetResponse(status="Accepted" if message.type == "Soft" else "Rejected")


async def on_reset_2(csms: Peer, message: v2.Reset) -> v2.ResetResponse:
    return v2.ResetResponse(status="Accepted")


CSMS: Handlers = {v16.BootNotification: on_boot_16, v2.BootNotification: on_boot_2, v2.Heartbeat: on_heartbeat}
STATION: Handlers = {v16.Reset: on_reset_16, v2.Reset: on_reset_2}
BOOT = v2.BootNotification(charging_station=v2.ChargingStation(model="M", vendor_name="V"), reason="PowerUp")


class Log(Observer):
    """Keeps all that it sees."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, bytes]] = []
        self.events: list[Event] = []
        self.comings: list[str] = []

    def opened(self, peer: Peer) -> None:
        self.comings.append(f"{peer.identity} came")

    def heard(self, peer: Peer, message: bytes) -> None:
        self.lines.append(("heard", message))

    def said(self, peer: Peer, message: bytes) -> None:
        self.lines.append(("said", message))

    def noted(self, peer: Peer, event: Event) -> None:
        self.events.append(event)

    def closed(self, peer: Peer, how: Closed) -> None:
        self.comings.append(f"{peer.identity} left {how.code}")


def url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ocpp"


def at(port: int, identity: str = "CS1", **options: Any) -> Any:
    return connect(url(port), identity=identity, handlers=STATION, **options)


async def frames(raw: Raw) -> list[Any]:
    return list(json.loads(await raw.text()))


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_both_sides_call_each_other_in_every_version(version: Version) -> None:
    async with serve("127.0.0.1", handlers=CSMS) as server, at(server.port, versions=[version]) as csms:
        station = await server.station("CS1")
        assert csms.version is station.version is version
        assert csms.identity == station.identity == "CS1"
        if version is V16:
            boot = await csms.call(v16.BootNotification(charge_point_vendor="V", charge_point_model="M"))
            assert boot.interval == 300
            assert (await station.call(v16.Reset(type="Soft"))).status == "Accepted"
            assert (await station.call(v16.Reset(type="Hard"))).status == "Rejected"
        else:
            assert (await csms.call(BOOT)).status == "Accepted"
            assert (await station.call(v2.Reset(type="Immediate"))).status == "Accepted"


async def test_the_newest_common_version_is_spoken() -> None:
    async with serve("127.0.0.1", handlers=CSMS, versions=[V16, V201]) as server:
        async with at(server.port) as csms:
            assert csms.version is V201
        async with at(server.port, versions=[V16, V201]) as csms:
            assert csms.version is V201
        with pytest.raises(HandshakeFailed, match=r"the server speaks none of ocpp2\.1"):
            async with at(server.port, versions=[V21]):
                pass


async def test_an_identity_and_a_password_of_odd_characters_arrive() -> None:
    identity, password = "RDAM|12/3 é", "a:b\u20ac"
    async with serve("127.0.0.1", handlers=CSMS, authenticate=with_passwords({identity: password})) as server:
        async with connect(url(server.port) + "/", identity=identity, password=password) as csms:
            assert (await csms.call(BOOT)).status == "Accepted"
            assert list(server.stations) == [identity]
        with pytest.raises(HandshakeRefused) as caught:
            async with connect(url(server.port), identity=identity, password="wrong"):
                pass
        assert caught.value.status == 401


async def test_a_station_that_names_no_version_is_served_if_its_version_is_known() -> None:
    async with serve("127.0.0.1", handlers=CSMS, unspoken={"CS1": V16}.get) as server:
        raw = await Raw.upgraded(server.port, opening(subprotocols=()))
        raw.send(TEXT, b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
        assert (await frames(raw))[2]["status"] == "Accepted"
        await raw.close()
        refused = await Raw.connect(server.port)
        refused.write(opening("/ocpp/CS2", subprotocols=()))
        assert (await refused.rest()).startswith(b"HTTP/1.1 400 ")
        await refused.close()


# Handlers.


async def test_what_is_not_handled_is_not_supported() -> None:
    async with serve("127.0.0.1", handlers={}) as server, at(server.port) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert caught.value.code == "NotSupported"
        assert caught.value.description == "BootNotification is not handled here"


@pytest.mark.parametrize("waits", [False, True])
async def test_a_failing_handler_is_an_internal_error_and_the_connection_goes_on(
    waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        raise ZeroDivisionError("secret detail")

    async def fail_later(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        await asyncio.to_thread(lambda: None)
        raise ZeroDivisionError("secret detail")

    handlers: Handlers = {v2.BootNotification: fail_later if waits else fail, v2.Heartbeat: on_heartbeat}
    async with serve("127.0.0.1", handlers=handlers) as server, at(server.port) as csms:
        with caplog.at_level(logging.ERROR), pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert (caught.value.code, caught.value.description) == ("InternalError", "")
        assert (await csms.call(v2.Heartbeat())).current_time == NOW
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("error", "code", "description", "details"),
    [
        (ProtocolError(ErrorCode.SECURITY_ERROR, "not you"), "SecurityError", "not you", {}),
        (Refused(ErrorCode.GENERIC_ERROR, "full", {"left": 0}), "GenericError", "full", {"left": 0}),
        # What could not be said to somebody else is our own fault.
        (LocalProtocolError(ErrorCode.SECURITY_ERROR, "x"), "InternalError", "", {}),
    ],
)
async def test_a_handler_may_answer_with_an_error(
    waits: bool, error: Exception, code: str, description: str, details: dict[str, Any]
) -> None:
    def refuse(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        raise error

    async def refuse_later(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        await asyncio.to_thread(lambda: None)
        raise error

    handlers: Handlers = {v2.BootNotification: refuse_later if waits else refuse}
    async with serve("127.0.0.1", handlers=handlers) as server, at(server.port) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert (caught.value.code, caught.value.description, caught.value.details) == (code, description, details)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        v2.HeartbeatResponse(current_time=NOW),
        v2.BootNotificationResponse(current_time=NOW, interval=300, status="Impossible"),  # type: ignore[arg-type]
    ],
)
async def test_an_answer_that_cannot_be_said_is_an_internal_error_and_is_logged(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def handle(station: Peer, message: v2.BootNotification) -> Any:
        return answer

    async with serve("127.0.0.1", handlers={v2.BootNotification: handle}) as server, at(server.port) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert caught.value.code == "InternalError"
    assert "BootNotification" in caplog.text


def test_a_handler_of_something_that_is_no_request_is_a_mistake_that_shows_at_once() -> None:
    async def start(handlers: Any) -> None:
        async with serve("127.0.0.1", handlers=handlers):
            pass

    with pytest.raises(ValueError, match="BootNotificationResponse is no request"):
        asyncio.run(start({v2.BootNotificationResponse: on_boot_2}))


async def test_reading_does_not_wait_for_a_handler() -> None:
    go_on = asyncio.Event()

    async def slow(station: Peer, message: v2.Heartbeat) -> v2.HeartbeatResponse:
        await go_on.wait()
        return v2.HeartbeatResponse(current_time=NOW)

    async with serve("127.0.0.1", handlers={v2.Heartbeat: slow}) as server, at(server.port) as csms:
        station = await server.station("CS1")
        heartbeat = asyncio.get_running_loop().create_task(csms.call(v2.Heartbeat()))
        for _ in range(3):
            assert (await station.call(v2.Reset(type="Immediate"))).status == "Accepted"
        assert not heartbeat.done()
        go_on.set()
        assert (await soon(heartbeat)).current_time == NOW


async def test_work_after_the_reply_starts_when_the_reply_has_left() -> None:
    log = Log()
    done = asyncio.Event()

    def on_boot(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        async def reset() -> None:
            await station.call(v2.Reset(type="OnIdle"))
            done.set()

        station.after_reply(reset)
        return on_boot_2(station, message)

    async def on_boot_later(station: Peer, message: v2.BootNotification) -> v2.BootNotificationResponse:
        await asyncio.to_thread(lambda: None)
        return on_boot(station, message)

    for handler in (on_boot, on_boot_later):
        log.lines.clear()
        done.clear()
        async with (
            serve("127.0.0.1", handlers={v2.BootNotification: handler}, observer=log) as server,
            at(server.port) as csms,
        ):
            await csms.call(BOOT)
            await soon(done.wait())
        said = [json.loads(line) for what, line in log.lines if what == "said"]
        assert [message[0] for message in said] == [3, 2]


async def test_work_after_the_reply_starts_at_once_when_no_call_is_being_handled() -> None:
    async with serve("127.0.0.1", handlers=CSMS) as server, at(server.port):
        station = await server.station("CS1")
        done = asyncio.Event()

        async def work() -> None:
            done.set()

        station.after_reply(work)
        await soon(done.wait())


async def test_what_is_sent_without_an_answer_arrives_and_a_failing_handler_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()

    def on_stream(station: Peer, message: v2.NotifyPeriodicEventStream) -> None:
        heard.put_nowait(message.id)
        if message.id == 2:
            raise ZeroDivisionError

    async def on_stream_later(station: Peer, message: v2.NotifyPeriodicEventStream) -> None:
        await SYSTEM.sleep(0)  # one turn of the loop
        on_stream(station, message)

    def data(number: int) -> v2.NotifyPeriodicEventStream:
        element = v2.StreamDataElement(t=Decimal(0), v="1")
        return v2.NotifyPeriodicEventStream(id=number, pending=0, basetime=NOW, data=(element,))

    for handler in (on_stream, on_stream_later):
        handlers: Handlers = {v2.NotifyPeriodicEventStream: handler, v2.Heartbeat: on_heartbeat}
        async with serve("127.0.0.1", handlers=handlers) as server, at(server.port) as csms:
            for number in (1, 2, 3):
                csms.send(data(number))
            assert [await soon(heard.get()) for _ in range(3)] == [1, 2, 3]
            await csms.call(v2.Heartbeat())
    assert caplog.text.count("the handler of NotifyPeriodicEventStream failed") == 2
    async with serve("127.0.0.1", handlers={v2.Heartbeat: on_heartbeat}) as server, at(server.port) as csms:
        csms.send(data(1))
        await csms.call(v2.Heartbeat())
        with pytest.raises(LocalProtocolError):
            csms.send(v2.Heartbeat())
    with pytest.raises(Disconnected):
        csms.send(data(1))


# Calls that find no answer.


class Silent:
    """A server and a raw station of it that answers nothing by itself, while time stands still."""

    def __init__(self) -> None:
        self.clock = VirtualClock()

    async def __aenter__(self) -> Silent:
        self.context = serve(
            "127.0.0.1",
            handlers=CSMS,
            sweeper=Sweeper(self.clock),
            session_limits=SessionLimits(call_timeout_s=30, queued_calls=2),
        )
        self.server = await self.context.__aenter__()
        self.raw = await Raw.upgraded(self.server.port, opening(subprotocols=["ocpp2.0.1"]))
        self.station: WebSocketPeer = await self.server.station("CS1")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.raw.close()
        closing = asyncio.get_running_loop().create_task(self.context.__aexit__(None, None, None))
        while not closing.done():
            await self.clock.advance(seconds=60)
        await closing

    def call(self, **options: Any) -> asyncio.Task[v2.ResetResponse]:
        return asyncio.get_running_loop().create_task(self.station.call(v2.Reset(type="OnIdle"), **options))


async def test_a_call_that_is_not_answered_in_time_fails() -> None:
    async with Silent() as there:
        call = there.call()
        await frames(there.raw)
        await there.clock.advance(seconds=29)
        assert not call.done()
        await there.clock.advance(seconds=2)
        with pytest.raises(NoAnswer, match="no answer to Reset") as caught:
            await soon(call)
        assert caught.value.sent


async def test_a_call_may_have_a_time_of_its_own() -> None:
    async with Silent() as there:
        call = there.call(timeout_s=3)
        await frames(there.raw)
        await there.clock.advance(seconds=4)
        with pytest.raises(NoAnswer):
            await soon(call)


async def test_a_call_that_waits_too_long_for_its_turn_fails_without_having_been_sent() -> None:
    async with Silent() as there:
        first, second = there.call(), there.call(within_s=5)
        await frames(there.raw)
        await there.clock.advance(seconds=6)
        with pytest.raises(NoAnswer, match="waited too long") as caught:
            await soon(second)
        assert not caught.value.sent
        there.raw.send(TEXT, b'[3,"unknown",{"status":"Accepted"}]')
        first.cancel()


async def test_calls_go_out_one_at_a_time_and_a_bounded_number_waits() -> None:
    async with Silent() as there:
        calls = [there.call() for _ in range(3)]
        number, message_id, *_ = await frames(there.raw)
        assert number == 2
        with pytest.raises(QueueFull):
            await there.station.call(v2.Reset(type="OnIdle"))
        for call in calls:
            there.raw.send(TEXT, json.dumps([3, message_id, {"status": "Accepted"}]).encode())
            assert (await soon(call)).status == "Accepted"
            if call is not calls[-1]:
                _, message_id, *_ = await frames(there.raw)


async def test_a_call_ends_with_its_connection() -> None:
    async with Silent() as there:
        first, second = there.call(), there.call()
        await frames(there.raw)
        await there.raw.close()
        for call, sent in ((first, True), (second, False)):
            with pytest.raises(Disconnected) as caught:
                await soon(call)
            assert caught.value.sent is sent
        assert not there.station.is_connected
        with pytest.raises(Disconnected):
            await there.station.call(v2.Reset(type="OnIdle"))


async def test_closing_a_connection_ends_its_calls_at_once() -> None:
    async with Silent() as there:
        call = there.call()
        await frames(there.raw)
        there.station.close(1013, "database away")
        with pytest.raises(Disconnected):
            await soon(call)
        assert await there.raw.close_code() == 1013
        there.raw.send(CLOSE, b"\x03\xf5")
        assert await soon(there.station.wait_closed()) == Closed(1013, "database away", by_peer=False)
        assert (await there.station.wait_closed()).code == 1013


async def test_an_error_and_an_unusable_answer_are_told_apart() -> None:
    async with Silent() as there:
        call = there.call()
        _, message_id, *_ = await frames(there.raw)
        there.raw.send(TEXT, json.dumps([4, message_id, "Busy", "try later", {"in_s": 5}]).encode())
        with pytest.raises(AnsweredError, match="Busy: try later") as caught:
            await soon(call)
        assert (caught.value.code, caught.value.details) == ("Busy", {"in_s": 5})
        call = there.call()
        _, message_id, *_ = await frames(there.raw)
        there.raw.send(TEXT, json.dumps([3, message_id, {"status": "Perhaps"}]).encode())
        with pytest.raises(UnusableAnswer) as unusable:
            await soon(call)
        assert (unusable.value.code, unusable.value.path) == ("PropertyConstraintViolation", "$.status")


async def test_a_cancelled_call_leaves_the_connection_in_order() -> None:
    async with Silent() as there:
        first, second = there.call(), there.call()
        _, message_id, *_ = await frames(there.raw)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        there.raw.send(TEXT, json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        _, message_id, *_ = await frames(there.raw)
        there.raw.send(TEXT, json.dumps([3, message_id, {"status": "Scheduled"}]).encode())
        assert (await soon(second)).status == "Scheduled"


async def test_what_cannot_be_said_is_refused_before_it_is_sent() -> None:
    async with Silent() as there:
        with pytest.raises(LocalProtocolError):
            await there.station.call(v16.Reset(type="Soft"))
        with pytest.raises(LocalProtocolError):
            await there.station.call(v2.Heartbeat())


# Connections come and go.


async def test_a_new_connection_takes_over_and_the_end_of_the_old_one_does_not_touch_it() -> None:
    log = Log()
    async with serve("127.0.0.1", handlers=CSMS, observer=log) as server:
        old = await Raw.upgraded(server.port, opening(subprotocols=["ocpp2.0.1"]))
        before = await server.station("CS1")
        call = asyncio.get_running_loop().create_task(before.call(v2.Reset(type="OnIdle")))
        await frames(old)
        async with at(server.port) as csms:
            with pytest.raises(Disconnected):
                await soon(call)
            now = await server.station("CS1")
            assert now is not before
            assert await old.close_code() == 1008
            await old.close()
            await soon(before.wait_closed())
            assert server.stations == {"CS1": now}
            assert (await now.call(v2.Reset(type="Immediate"))).status == "Accepted"
            await csms.call(BOOT)
    assert server.stations == {}
    assert log.comings == ["CS1 came", "CS1 came", "CS1 left 1008", "CS1 left 1000"]


async def test_a_call_that_is_repeated_on_a_new_connection_is_answered_again_and_not_acted_on_again() -> None:
    acted: list[str] = []

    def on_boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        acted.append(message.charge_point_model)
        return on_boot_16(station, message)

    call = b'[2,"7","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    async with serve("127.0.0.1", handlers={v16.BootNotification: on_boot}) as server:
        answers = []
        for _ in range(2):
            raw = await Raw.upgraded(server.port)
            raw.send(TEXT, call)
            answers.append(await raw.text())
            await raw.close()
        other = await Raw.upgraded(server.port, opening("/ocpp/CS2"))
        other.send(TEXT, call)
        await other.text()
        await other.close()
    assert answers[0] == answers[1]
    assert acted == ["M", "M"]


async def test_a_call_repeated_while_its_first_copy_is_handled_on_a_lost_connection_gets_that_answer() -> None:
    go_on, began = asyncio.Event(), asyncio.Event()
    acted: list[str] = []
    log = Log()

    async def on_boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        acted.append("once")
        began.set()
        await go_on.wait()
        return on_boot_16(station, message)

    call = b'[2,"7","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    async with serve("127.0.0.1", handlers={v16.BootNotification: on_boot}, observer=log) as server:
        first = await Raw.upgraded(server.port)
        first.send(TEXT, call)
        await soon(began.wait())
        await first.close()
        second = await Raw.upgraded(server.port)
        second.send(TEXT, call)
        while len(log.lines) < 2:
            await asyncio.to_thread(lambda: None)
        go_on.set()
        assert (await frames(second))[2]["status"] == "Accepted"
        await second.close()
    assert acted == ["once"]


async def test_each_connection_is_greeted_and_a_failing_greeting_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    greeted: asyncio.Queue[str] = asyncio.Queue()

    async def greet(station: WebSocketPeer) -> None:
        assert (await station.call(v2.Reset(type="OnIdle"))).status == "Accepted"
        greeted.put_nowait(station.identity)
        raise ZeroDivisionError

    async with serve("127.0.0.1", handlers=CSMS, on_connect=greet) as server, at(server.port) as csms:
        assert await soon(greeted.get()) == "CS1"
        await csms.call(BOOT)
    assert "a task failed" in caplog.text


async def test_a_station_that_is_not_there_yet_can_be_waited_for() -> None:
    async with serve("127.0.0.1", handlers=CSMS) as server:
        loop = asyncio.get_running_loop()
        waiting = [loop.create_task(server.station("CS1")) for _ in range(3)]
        await asyncio.to_thread(lambda: None)
        waiting[0].cancel()
        async with at(server.port):
            stations = [await soon(task) for task in waiting[1:]]
            assert stations[0] is stations[1] is server.stations["CS1"]


async def test_leaving_the_server_ends_connections_and_handlers() -> None:
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def endless(station: Peer, message: v2.Heartbeat) -> v2.HeartbeatResponse:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    async with serve("127.0.0.1", handlers={v2.Heartbeat: endless}) as server:
        raw = await Raw.upgraded(server.port, opening(subprotocols=["ocpp2.0.1"]))
        raw.send(TEXT, b'[2,"1","Heartbeat",{}]')
        await soon(began.wait())
        answered = asyncio.get_running_loop().create_task(raw.close_code())
        raw_closes = asyncio.get_running_loop().create_task(raw.rest())
        answered.cancel()
        raw.send(CLOSE, b"\x03\xe8")
        await soon(raw_closes)
    assert cancelled.is_set()
    await raw.close()


async def test_an_observer_sees_lines_events_and_breaches() -> None:
    log = Log()
    async with serve("127.0.0.1", handlers=CSMS, observer=log) as server:
        raw = await Raw.upgraded(server.port)
        raw.send(TEXT, b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
        answer = await raw.text()
        raw.send(TEXT, b'[3,"unknown",{}]')
        raw.send(TEXT, b'[2,"2","BootNotification",{}]')
        await raw.text()
        assert log.lines[:2] == [("heard", log.lines[0][1]), ("said", answer)]
        kinds = [type(event) for event in log.events]
        assert kinds == [CallReceived, Breach, CallRefused]
        assert isinstance(log.events[1], Breach)
        assert log.events[1].kind is BreachKind.UNKNOWN_ANSWER
        station = await server.station("CS1")
        assert station.session.counts[BreachKind.UNKNOWN_ANSWER] == 1
        await raw.close()
        await soon(station.wait_closed())
    assert log.comings == ["CS1 came", "CS1 left 1006"]


async def test_a_connection_that_is_lost_on_the_stations_side_shows_there() -> None:
    async with serve("127.0.0.1", handlers=CSMS) as server, at(server.port) as csms:
        assert csms.is_connected
        (await server.station("CS1")).close(1001, "moving")
        assert await soon(csms.wait_closed()) == Closed(1001, "moving", by_peer=True)
        with pytest.raises(Disconnected):
            await csms.call(BOOT)


def test_memories_of_stations_that_are_away_are_bounded() -> None:
    memories = Memories(capacity=2)
    kept = {}
    for identity in ("A", "B", "C"):
        kept[identity] = memories.enter(identity)
        assert memories.enter(identity) is kept[identity]
        memories.leave(identity)
        memories.leave(identity)
    assert memories.enter("C") is kept["C"]
    assert memories.enter("B") is kept["B"]
    assert memories.enter("A") is not kept["A"]


@pytest.mark.parametrize("waits", [False, True])
async def test_a_handler_that_cannot_answer_truly_ends_the_connection_with_1013_and_the_call_may_be_repeated(
    waits: bool,
) -> None:
    away = [True]

    def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        if away:
            away.pop()
            raise Withheld("the database is away")
        return on_boot_16(station, message)

    async def boot_later(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        await asyncio.to_thread(lambda: None)
        return boot(station, message)

    call = b'[2,"7","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    async with serve("127.0.0.1", handlers={v16.BootNotification: boot_later if waits else boot}) as server:
        raw = await Raw.upgraded(server.port)
        raw.send(TEXT, call)
        assert await raw.close_code() == 1013
        await raw.close()
        again = await Raw.upgraded(server.port)
        again.send(TEXT, call)
        assert (await frames(again))[2]["status"] == "Accepted"
        await again.close()


async def test_a_handler_can_look_at_the_call_it_handles() -> None:
    seen: list[tuple[str, str, bytes] | None] = []

    def look(station: Peer) -> None:
        call = station.handled
        seen.append(None if call is None else (call.id, call.action, bytes(call.payload)))

    def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        look(station)
        return on_boot_16(station, message)

    async with serve("127.0.0.1", handlers={v16.BootNotification: boot}) as server:
        raw = await Raw.upgraded(server.port)
        raw.send(TEXT, b'[2,"7","BootNotification", {"chargePointVendor":"V","chargePointModel":"M"}]')
        await raw.text()
        look(await server.station("CS1"))
        await raw.close()
    assert seen == [("7", "BootNotification", b'{"chargePointVendor":"V","chargePointModel":"M"}'), None]
