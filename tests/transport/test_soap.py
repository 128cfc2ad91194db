"""OCPP 1.6 over SOAP: the server's service, a station's service, and calls both ways."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest

from forecourt.ocpp import soap, v2, v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, ProtocolError
from forecourt.ocpp.events import CallReceived, CallRefused
from forecourt.transport import (
    AnsweredError,
    Credentials,
    Disconnected,
    Handlers,
    HttpRequest,
    HttpResponse,
    NoAnswer,
    Peer,
    Refused,
    Server,
    SoapSettings,
    UnusableAnswer,
    Withheld,
    connect,
    connect_soap,
    listen,
    not_found,
    serve,
    server_context,
    with_passwords,
)
from forecourt.transport import soap_stations as stations_module
from forecourt.transport.outbound import anywhere
from forecourt.transport.tls import client_context
from tests.transport.authority import Authority
from tests.transport.raw import Raw, opening, soon
from tests.transport.test_serving import Log

NOW = datetime(2030, 1, 1, tzinfo=UTC)
BOOT = v16.BootNotification(charge_point_vendor="V", charge_point_model="M")
LOCAL = SoapSettings(approve=anywhere, learns_from=lambda caller: True)


def on_boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
    return v16.BootNotificationResponse(current_time=NOW, interval=300, status="Accepted")


async def on_reset(csms: Peer, message: v16.Reset) -> v16.ResetResponse:
    return v16.ResetResponse(status="Accepted" if message.type == "Soft" else "Rejected")


HANDLERS: Handlers = {v16.BootNotification: on_boot}
STATION: Handlers = {v16.Reset: on_reset}


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Server]:
    settings: dict[str, Any] = {"handlers": HANDLERS, "soap": LOCAL} | options
    async with serve("127.0.0.1", **settings) as server:
        yield server


def at(server: Server, identity: str = "CP1", **options: Any) -> Any:
    settings: dict[str, Any] = {"handlers": STATION} | options
    return connect_soap(f"http://127.0.0.1:{server.port}/ocpp", identity=identity, **settings)


def envelope(message: Any = BOOT, *, identity: str = "CP1", message_id: str = "urn:uuid:1") -> bytes:
    return soap.write_request(
        message,
        service=soap.CENTRAL_SYSTEM,
        identity=identity,
        message_id=message_id,
        to="http://csms.example/ocpp",
        from_address="http://192.0.2.1/",
    )


async def exchange(
    port: int, body: bytes, *headers: str, start: str = "POST /ocpp HTTP/1.1"
) -> tuple[int, bytes, bytes]:
    """Send one request; return status, head and body of the answer."""
    raw = await Raw.connect(port)
    lines = [start, "Host: csms.example:80", "Connection: close", *headers, f"Content-Length: {len(body)}", "", ""]
    raw.write("\r\n".join(lines).encode() + body)
    head, _, answer = (await raw.rest()).partition(b"\r\n\r\n")
    await raw.close()
    return int(head.split()[1]), head, answer


SOAP = "Content-Type: application/soap+xml; charset=utf-8"


async def test_both_sides_call_each_other() -> None:
    async with serving() as server, at(server) as csms:
        assert (await csms.call(BOOT)).status == "Accepted"
        station = server.soap_station("CP1")
        assert (await station.call(v16.Reset(type="Soft"))).status == "Accepted"
        assert (await station.call(v16.Reset(type="Hard"))).status == "Rejected"
        assert station.version is csms.version
        assert station.identity == csms.identity == "CP1"
        assert repr(station) == "<SoapPeer CP1>"


async def test_the_same_port_serves_websockets_with_the_same_handlers() -> None:
    async with serving() as server:
        async with at(server) as csms:
            assert (await csms.call(BOOT)).interval == 300
        async with connect(f"ws://127.0.0.1:{server.port}/ocpp", identity="CP2") as csms:
            with pytest.raises(AnsweredError):
                await csms.call(v2.Heartbeat())


async def test_both_directions_work_over_tls(authority: Authority) -> None:
    context = server_context([authority.issue("server", "server")])
    trusting = client_context(roots=authority.roots)
    settings = SoapSettings(approve=anywhere, learns_from=lambda caller: True, tls=trusting)
    async with (
        serving(tls=context, soap=settings) as server,
        connect_soap(
            f"https://127.0.0.1:{server.port}/ocpp",
            identity="CP1",
            handlers=STATION,
            tls=trusting,
            listen_tls=server_context([authority.issue("station", "station")]),
        ) as csms,
    ):
        assert (await csms.call(BOOT)).status == "Accepted"
        assert (await server.soap_station("CP1").call(v16.Reset(type="Soft"))).status == "Accepted"


async def test_work_after_the_reply_calls_the_station_when_the_reply_has_left() -> None:
    reset = asyncio.Event()

    def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        async def later() -> None:
            await station.call(v16.Reset(type="Soft"))
            reset.set()

        station.after_reply(later)
        return on_boot(station, message)

    async with serving(handlers={v16.BootNotification: boot}) as server, at(server) as csms:
        await csms.call(BOOT)
        await soon(reset.wait())
        done = asyncio.Event()

        async def work() -> None:
            done.set()

        csms.after_reply(work)
        await soon(done.wait())


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ProtocolError(ErrorCode.SECURITY_ERROR, "not you"), "SecurityError", "not you"),
        (Refused(ErrorCode.NOT_SUPPORTED, "not today"), "NotSupported", "not today"),
        (ZeroDivisionError("secret"), "InternalError", ""),
    ],
)
async def test_an_error_of_a_handler_is_a_fault(error: Exception, code: str, text: str) -> None:
    async def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        raise error

    log = Log()
    async with serving(handlers={v16.BootNotification: boot}, observer=log) as server, at(server) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert caught.value.code == code
        assert text in caught.value.description
        assert "secret" not in caught.value.description
        assert [type(event) for event in log.events] == [CallReceived, CallRefused]


async def test_what_is_not_handled_and_what_cannot_be_said_are_faults() -> None:
    def wrong(station: Peer, message: v16.BootNotification) -> v16.HeartbeatResponse:
        return v16.HeartbeatResponse(current_time=NOW)

    async with serving(handlers={v16.Heartbeat: wrong}) as server, at(server) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert caught.value.code == "NotSupported"
    async with serving(handlers={v16.BootNotification: wrong}) as server, at(server) as csms:
        with pytest.raises(AnsweredError) as caught:
            await csms.call(BOOT)
        assert caught.value.code == "InternalError"
        with pytest.raises(LocalProtocolError):
            csms.send(v16.Heartbeat())
        with pytest.raises(LocalProtocolError):
            await csms.call(v16.Reset(type="Soft"))


async def test_a_repeated_request_is_answered_again_and_not_acted_on_again() -> None:
    acted: list[str] = []

    def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        acted.append(station.identity)
        return on_boot(station, message)

    async with serving(handlers={v16.BootNotification: boot}) as server:
        answers = [await exchange(server.port, envelope(), SOAP) for _ in range(2)]
        assert answers[0][2] == answers[1][2]
        await exchange(server.port, envelope(identity="CP2"), SOAP)
        await exchange(server.port, envelope(message_id="urn:uuid:2"), SOAP)
    assert acted == ["CP1", "CP2", "CP1"]


async def test_calls_of_one_station_are_handled_one_after_another() -> None:
    running: list[int] = []
    most: list[int] = []

    async def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        running.append(1)
        most.append(len(running))
        await asyncio.to_thread(lambda: None)
        running.pop()
        return on_boot(station, message)

    async with serving(handlers={v16.BootNotification: boot}) as server, asyncio.TaskGroup() as group:
        for number in range(5):
            body = envelope(message_id=f"urn:uuid:{number}")
            group.create_task(exchange(server.port, body, SOAP))
    assert most == [1] * 5


# What is let in.


async def test_passwords_protect_soap_too() -> None:
    passwords = with_passwords({"CP1": "secret"})
    async with serving(authenticate=passwords, soap=SoapSettings(approve=anywhere)) as server:
        async with at(server, password="secret") as csms:
            assert (await csms.call(BOOT)).status == "Accepted"
            assert (await server.soap_station("CP1").call(v16.Reset(type="Soft"))).status == "Accepted"
        async with at(server, password="wrong") as csms:
            with pytest.raises(UnusableAnswer, match="HTTP status 401"):
                await csms.call(BOOT)
        status, head, _ = await exchange(server.port, envelope(), SOAP)
        assert status == 401
        assert b"WWW-Authenticate: Basic" in head
        basic = "Authorization: Basic Q1AxOnNlY3JldA=="
        assert (await exchange(server.port, envelope(identity="CP2"), SOAP, basic))[0] == 401


async def test_an_address_is_not_learned_from_one_who_has_proven_nothing() -> None:
    async with serving(soap=SoapSettings(approve=anywhere)) as server, at(server, password="unchecked") as csms:
        await csms.call(BOOT)
        with pytest.raises(Disconnected, match="before Reset was sent"):
            await server.soap_station("CP1").call(v16.Reset(type="Soft"))


async def test_an_address_that_is_not_approved_is_not_called() -> None:
    settings = SoapSettings(learns_from=lambda caller: True)
    async with serving(soap=settings) as server, at(server) as csms:
        await csms.call(BOOT)
        with pytest.raises(Disconnected) as caught:
            await server.soap_station("CP1").call(v16.Reset(type="Soft"))
        assert not caught.value.sent


async def test_the_operators_address_comes_before_the_stations_own_and_is_shown_our_credentials() -> None:
    asked: list[HttpRequest] = []

    async def elsewhere(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return HttpResponse(HTTPStatus.NOT_FOUND)

    listener = await listen(lambda handshake: not_found("no"), host="127.0.0.1", http=elsewhere)
    settings = SoapSettings(
        approve=anywhere,
        address_of={"CP1": f"http://127.0.0.1:{listener.port}/cp"}.get,
        learns_from=lambda caller: True,
        credentials_of=lambda identity: Credentials.of(identity, "ours"),
    )
    async with serving(soap=settings) as server, at(server) as csms:
        await csms.call(BOOT)
        with pytest.raises(UnusableAnswer, match="HTTP status 404"):
            await server.soap_station("CP1").call(v16.Reset(type="Soft"))
    await soon(listener.close())
    assert [(request.path, request.credentials) for request in asked] == [("/cp", Credentials("CP1", b"ours"))]


async def test_a_station_answers_only_to_its_own_name() -> None:
    async with serving() as server, at(server) as csms:
        await csms.call(BOOT)
        known = server._soap
        assert known is not None
        impostor = known._station("CP2")
        impostor.learned = known._station("CP1").learned
        with pytest.raises(AnsweredError, match="IdentityMismatch"):
            await impostor.peer.call(v16.Reset(type="Soft"))


async def test_a_station_that_does_not_answer_or_is_not_there_is_told_apart() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow(csms: Peer, message: v16.Reset) -> v16.ResetResponse:
        began.set()
        await go_on.wait()
        return v16.ResetResponse(status="Accepted")

    async with serving() as server:
        async with at(server, handlers={v16.Reset: slow}) as csms:
            await csms.call(BOOT)
            station = server.soap_station("CP1")
            first = asyncio.get_running_loop().create_task(station.call(v16.Reset(type="Soft"), timeout_s=0.2))
            await soon(began.wait())
            with pytest.raises(NoAnswer) as waited:
                await station.call(v16.Reset(type="Soft"), within_s=0.01)
            assert not waited.value.sent
            with pytest.raises(NoAnswer) as caught:
                await soon(first)
            assert caught.value.sent
            go_on.set()
        with pytest.raises(Disconnected) as gone:
            await station.call(v16.Reset(type="Soft"))
        assert not gone.value.sent


async def test_a_request_without_a_usable_identity_is_a_fault() -> None:
    async with serving(reading=Reading.TOLERANT) as server:
        for body in (
            envelope(identity="a:b"),
            re.sub(rb"<ocpp:chargeBoxIdentity.*?</ocpp:chargeBoxIdentity>", b"", envelope()),
        ):
            status, _, answer = await exchange(server.port, body, SOAP)
            assert status == 400
            assert b"SecurityError" in answer


# HTTP around it.


async def test_the_wsdl_is_served_and_names_the_address_it_was_asked_at() -> None:
    async with serving() as server, at(server) as csms:
        status, head, body = await exchange(server.port, b"", start="GET /ocpp?wsdl HTTP/1.1")
        assert status == 200
        assert b"text/xml" in head
        assert b"http://csms.example:80/ocpp" in body
        assert b"CentralSystemService" in body
        address = csms._from_address
        assert address is not None
        port = int(address.rstrip("/").rpartition(":")[2])
        status, _, body = await exchange(port, b"", start="GET /?WSDL HTTP/1.1")
        assert status == 200
        assert b"ChargePointService" in body


@pytest.mark.parametrize(
    ("start", "headers", "expected"),
    [
        ("GET /ocpp/CP1 HTTP/1.1", [], 426),
        ("PUT /ocpp HTTP/1.1", [SOAP], 405),
        ("POST /elsewhere HTTP/1.1", [SOAP], 404),
        ("POST /ocppx HTTP/1.1", [SOAP], 404),
        ("POST /ocpp HTTP/1.1", ["Content-Type: application/json"], 415),
        ("POST /ocpp HTTP/1.1", [], 415),
        ("POST /ocpp/CP1 HTTP/1.1", [SOAP], 200),
        ("POST /ocpp HTTP/1.1", ["Content-Type: text/xml"], 200),
    ],
)
async def test_other_requests_get_the_fitting_status(start: str, headers: list[str], expected: int) -> None:
    async with serving() as server:
        assert (await exchange(server.port, envelope(), *headers, start=start))[0] == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>no soap</html>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', envelope()[:-20], b"\xff\xfe"],
)
async def test_hostile_bodies_are_faults(body: bytes) -> None:
    async with serving() as server:
        status, _, answer = await exchange(server.port, body, SOAP)
        assert status in {400, 500}
        assert b"Fault" in answer


async def test_compressed_requests_are_read_and_answers_compressed_for_whoever_accepts_it() -> None:
    body = gzip.compress(envelope())
    async with serving() as server:
        status, head, answer = await exchange(
            server.port, body, SOAP, "Content-Encoding: gzip", "Accept-Encoding: deflate, gzip;q=0.5"
        )
        assert status == 200
        assert b"Content-Encoding: gzip" in head
        assert b"bootNotificationResponse" in gzip.decompress(answer)


async def test_a_server_without_soap_says_so() -> None:
    async with serve("127.0.0.1", handlers={}) as server:
        assert (await exchange(server.port, envelope(), SOAP))[0] == 405
        with pytest.raises(RuntimeError, match="does not speak SOAP"):
            server.soap_station("CP1")


async def test_the_default_settings_are_used_for_soap_true() -> None:
    async with serving(soap=True) as server:
        assert (await exchange(server.port, envelope(), SOAP))[0] == 200


async def test_a_station_that_has_been_silent_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations_module, "_MOST_STATIONS", 2)
    async with serving() as server:
        first = server.soap_station("A")
        second = server.soap_station("B")
        assert server.soap_station("A") is first
        server.soap_station("C")
        assert server.soap_station("A") is first
        assert server.soap_station("B") is not second


async def test_a_handler_that_cannot_answer_truly_makes_it_503_and_the_request_may_be_repeated() -> None:
    away = [True]

    def boot(station: Peer, message: v16.BootNotification) -> v16.BootNotificationResponse:
        assert station.handled is not None
        assert station.handled.action == "BootNotification"
        if away:
            away.pop()
            raise Withheld("the database is away", retry_after_s=7)
        return on_boot(station, message)

    async with serving(handlers={v16.BootNotification: boot}) as server:
        status, head, _ = await exchange(server.port, envelope(), SOAP)
        assert status == 503
        assert b"Retry-After: 7" in head
        assert (await exchange(server.port, envelope(), SOAP))[0] == 200
        assert server.soap_station("CP1").handled is None
        async with at(server) as csms:
            away.append(True)
            with pytest.raises(UnusableAnswer, match="HTTP status 503"):
                await csms.call(BOOT)


async def test_an_answer_that_is_no_soap_is_unusable() -> None:
    async def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(HTTPStatus.OK, b"<html><body>Please log in</body></html>", "text/html")

    listener = await listen(lambda handshake: not_found("no"), host="127.0.0.1", http=page)
    async with connect_soap(f"http://127.0.0.1:{listener.port}/", identity="CP1") as csms:
        with pytest.raises(UnusableAnswer, match="HTML"):
            await csms.call(BOOT)
        # A station's own port serves no WebSocket.
        assert csms._from_address is not None
        port = int(csms._from_address.rstrip("/").rpartition(":")[2])
        raw = await Raw.connect(port)
        raw.write(opening())
        assert (await raw.rest()).startswith(b"HTTP/1.1 404 ")
        await raw.close()
    await soon(listener.close())
