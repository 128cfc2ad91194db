from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from forecourt.transport import (
    Accept,
    ClientCertificates,
    Handshake,
    HandshakeFailed,
    Limits,
    Listener,
    WebSocket,
    client_context,
    dial,
    forbidden,
    listen,
    server_context,
)
from forecourt.transport.handshake import Decision
from tests.transport.authority import Authority
from tests.transport.raw import TEXT, Raw, Recorder, opening, soon

FIRST_OF_PROFILES = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
]


class Scene:
    def __init__(self) -> None:
        self.recorder = Recorder()
        self.seen: list[Handshake] = []

    def decide(self, handshake: Handshake) -> Decision:
        self.seen.append(handshake)
        certificate = handshake.certificate
        if certificate is not None and certificate.subject("commonName") != "CS1":
            return forbidden("the certificate names somebody else")
        return Accept(self.recorder, handshake.subprotocols[0] if handshake.subprotocols else None)


@asynccontextmanager
async def scene(context: ssl.SSLContext, limits: Limits | None = None) -> AsyncIterator[tuple[Scene, Listener]]:
    there = Scene()
    listener = await listen(there.decide, host="127.0.0.1", tls=context, limits=limits or Limits())
    try:
        yield there, listener
    finally:
        await soon(listener.close())


async def talk(listener: Listener, there: Scene, context: ssl.SSLContext) -> WebSocket:
    """Connect with our client, exchange two messages that need several TLS records, and close."""
    client = Recorder()
    websocket = await dial(f"wss://127.0.0.1:{listener.port}/ocpp/CS1", lambda _: client, context=context)
    websocket.send(b"x" * 100_000)
    assert await soon(there.recorder.messages.get()) == b"x" * 100_000
    there.recorder.socket.send(b"y" * 50_000)
    assert await soon(client.messages.get()) == b"y" * 50_000
    websocket.close()
    await soon(client.ended)
    return websocket


async def test_messages_go_both_ways_over_tls(authority: Authority) -> None:
    async with scene(server_context([authority.issue("server", "server")])) as (there, listener):
        await talk(listener, there, client_context(roots=authority.roots))
        (handshake,) = there.seen
        assert handshake.secure
        assert handshake.certificate is None


async def test_a_client_certificate_reaches_the_decision_before_the_upgrade(authority: Authority) -> None:
    context = server_context(
        [authority.issue("server", "server")], clients=ClientCertificates.REQUIRED, client_roots=authority.roots
    )
    async with scene(context) as (there, listener):
        mine = client_context(roots=authority.roots, key_pair=authority.issue("cs1", "CS1", organization="Owner"))
        await talk(listener, there, mine)
        certificate = there.seen[0].certificate
        assert certificate is not None
        assert certificate.subject("commonName") == "CS1"
        assert certificate.subject("organizationName") == "Owner"
        assert certificate.subject("serialNumber") is None
        assert certificate.der.startswith(b"0\x82")
        another = client_context(roots=authority.roots, key_pair=authority.issue("cs2", "CS2"))
        with pytest.raises(HandshakeFailed, match="403 the certificate names somebody else"):
            await dial(f"wss://127.0.0.1:{listener.port}/ocpp/CS1", lambda _: Recorder(), context=another)


async def test_without_a_required_certificate_there_is_no_connection(authority: Authority) -> None:
    context = server_context(
        [authority.issue("server", "server")], clients=ClientCertificates.REQUIRED, client_roots=authority.roots
    )
    async with scene(context) as (there, listener):
        with pytest.raises((OSError, HandshakeFailed)):
            await dial(
                f"wss://127.0.0.1:{listener.port}/ocpp/CS1",
                lambda _: Recorder(),
                context=client_context(roots=authority.roots),
            )
        assert there.seen == []


async def test_an_optional_certificate_may_be_missing_but_not_wrong(authority: Authority, tmp_path: Path) -> None:
    context = server_context(
        [authority.issue("server", "server")], clients=ClientCertificates.OPTIONAL, client_roots=authority.roots
    )
    stranger = Authority.make(tmp_path, "Somebody else's CA")
    async with scene(context) as (there, listener):
        await talk(listener, there, client_context(roots=authority.roots))
        there.recorder = Recorder()
        with pytest.raises((OSError, HandshakeFailed)):
            await dial(
                f"wss://127.0.0.1:{listener.port}/ocpp/CS1",
                lambda _: Recorder(),
                context=client_context(roots=authority.roots, key_pair=stranger.issue("cs1", "CS1")),
            )
        assert len(there.seen) == 1


async def test_a_client_does_not_trust_a_stranger(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority.make(tmp_path, "Somebody else's CA")
    async with scene(server_context([authority.issue("server", "server")])) as (_, listener):
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial(
                f"wss://127.0.0.1:{listener.port}/",
                lambda _: Recorder(),
                context=client_context(roots=stranger.roots),
            )
        with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)hostname mismatch"):
            await dial(
                f"wss://localhost:{listener.port}/",
                lambda _: Recorder(),
                context=client_context(roots=authority.roots),
            )


@pytest.mark.parametrize("suite", FIRST_OF_PROFILES)
async def test_A00_FR_318_each_suite_of_the_security_profiles_is_served(authority: Authority, suite: str) -> None:
    context = server_context(
        [authority.issue("ecdsa", "server"), authority.issue("rsa", "server", use_rsa=True)], rsa_key_exchange=True
    )
    client = client_context(roots=authority.roots, rsa_key_exchange=True)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    async with scene(context) as (_, listener):
        raw = await Raw.connect(listener.port, client)
        assert raw.writer.get_extra_info("cipher")[0] == suite
        await raw.close()


async def test_rsa_key_exchange_has_to_be_asked_for(authority: Authority) -> None:
    client = client_context(roots=authority.roots, rsa_key_exchange=True)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers("AES128-GCM-SHA256")
    async with scene(server_context([authority.issue("rsa", "server", use_rsa=True)])) as (_, listener):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await Raw.connect(listener.port, client)


async def test_A00_FR_313_versions_before_1_2_are_not_spoken(authority: Authority) -> None:
    context = server_context([authority.issue("server", "server")])
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_context(roots=authority.roots).minimum_version is ssl.TLSVersion.TLSv1_2


def test_A00_FR_321_nothing_is_compressed_and_x509_is_not_judged_strictly(authority: Authority) -> None:
    for context in (server_context([authority.issue("server", "server")]), client_context()):
        assert context.options & ssl.OP_NO_COMPRESSION
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT


async def test_A00_FR_429_expired_certificates_can_be_let_through_to_the_decision(tmp_path: Path) -> None:
    old = Authority.make(tmp_path)
    expired = old.issue("expired", "CS1", years=1)
    for allowed in (False, True):
        context = server_context(
            [old.issue("server", "server")],
            clients=ClientCertificates.REQUIRED,
            client_roots=old.roots,
            expired_clients=allowed,
        )
        async with scene(context) as (there, listener):
            mine = client_context(roots=old.roots, key_pair=expired)
            if allowed:
                await talk(listener, there, mine)
            else:
                with pytest.raises((OSError, HandshakeFailed)):
                    await talk(listener, there, mine)


async def test_a_renewed_certificate_is_shown_to_new_connections_and_the_old_ones_go_on(authority: Authority) -> None:
    trusting = client_context(roots=authority.roots)
    async with scene(server_context([authority.issue("old", "old")])) as (there, listener):
        before = await Raw.upgraded(listener.port, tls=trusting)
        listener.renew_tls(server_context([authority.issue("new", "new")]))
        first = there.recorder
        there.recorder = Recorder()
        after = await Raw.upgraded(listener.port, tls=trusting)
        assert shown(before) == "old"
        assert shown(after) == "new"
        before.send(TEXT, b"[2]")
        assert await soon(first.messages.get()) == b"[2]"
        for raw in (before, after):
            await raw.close()


def shown(raw: Raw) -> str:
    """The common name of the server's certificate."""
    names = {name: value for ((name, value),) in raw.writer.get_extra_info("peercert")["subject"]}
    return str(names["commonName"])


async def test_plain_text_on_a_tls_port_ends_the_connection_and_nothing_else(authority: Authority) -> None:
    async with scene(server_context([authority.issue("server", "server")])) as (there, listener):
        raw = await Raw.connect(listener.port)
        raw.write(opening())
        assert b"HTTP" not in await raw.rest()
        await raw.close()
        while not listener.counts["tls_failed"]:
            await asyncio.to_thread(lambda: None)
        await talk(listener, there, client_context(roots=authority.roots))


async def test_tls_on_a_plain_port_is_no_http() -> None:
    listener = await listen(Scene().decide, host="127.0.0.1")
    with pytest.raises(ssl.SSLError):
        await Raw.connect(listener.port, client_context())
    await soon(listener.close())


async def test_a_tls_handshake_that_does_not_come_is_given_up(authority: Authority) -> None:
    context = server_context([authority.issue("server", "server")])
    async with scene(context, Limits(handshake_timeout_s=0.05)) as (_, listener):
        raw = await Raw.connect(listener.port)
        assert await raw.rest() == b""
        await raw.close()
        assert listener.counts["tls_failed"] == 1


async def test_more_tls_connections_than_allowed_are_turned_away_without_a_handshake(authority: Authority) -> None:
    context = server_context([authority.issue("server", "server")])
    async with scene(context, Limits(max_connections=1)) as (_, listener):
        first = await Raw.upgraded(listener.port, tls=client_context(roots=authority.roots))
        second = await Raw.connect(listener.port)
        assert await second.rest() == b""
        for raw in (first, second):
            await raw.close()


def test_a_listener_needs_a_certificate_and_roots_for_what_it_checks(authority: Authority) -> None:
    with pytest.raises(ValueError, match="needs a certificate"):
        server_context([])
    with pytest.raises(ValueError, match="without roots"):
        server_context([authority.issue("server", "server")], clients=ClientCertificates.OPTIONAL)
