"""Certification cases of 1.6 and 2.0.1 for stations, on real sockets: passwords, TLS, certificates of both ends."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.pki.certificates import check_strength, common_name, read
from forecourt.station.blocks.diagnostics.model import Kind
from forecourt.station.blocks.diagnostics.store import Log
from forecourt.station.device_model.table import Name
from tests.station.cases.wire import BEGIN, HOST, LONG, OPERATOR, PASSWORD, STRANGER, Wire, server, wired
from tests.transport.raw import soon

SUITES = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
both = pytest.mark.parametrize("version", [V201, V21], ids=str)
Patch = pytest.MonkeyPatch


def alarms(wire: Wire) -> list[str]:
    kind: Any = v16.SecurityEventNotification if wire.version is V16 else v2.SecurityEventNotification
    return [event.type for event in wire.of(kind)]


async def boots(wire: Wire) -> None:
    """The station boots, is accepted, and its connectors are available."""
    status: Any = v16.StatusNotification if wire.version is V16 else v2.StatusNotification
    wire.powered.power_on()
    connectors = 2 if wire.version is V16 else 1
    plain = wire.build.security_profile == 0
    await wire.until(lambda: len(wire.of(status)) >= connectors and (alarms(wire) or plain))
    assert "BootNotification" in wire.names()
    words = {told.status if wire.version is V16 else told.connector_status for told in wire.of(status)}
    assert words == {"Available"}


def credentials(wire: Wire) -> str | None:
    """The Authorization header of the last connection, as it was."""
    given = wire.callers[-1].credentials
    return None if given is None else base64.b64encode(f"{given.username}:".encode() + given.password).decode()


def expected(password: str) -> str:
    return base64.b64encode(f"CS001:{password}".encode()).decode()


async def signs_in_with_its_password(version: Version, monkeypatch: Patch) -> None:
    async with wired(version, monkeypatch, profile=1) as wire:
        await wire.come()
        await boots(wire)
        assert credentials(wire) == expected(PASSWORD)
        assert 16 <= len(PASSWORD) <= 40


@both
async def test_TC_A_01_CS_the_station_signs_in_with_its_password(version: Version, monkeypatch: Patch) -> None:
    await signs_in_with_its_password(version, monkeypatch)


async def test_TC_085_CS_the_station_signs_in_with_its_password(monkeypatch: Patch) -> None:
    await signs_in_with_its_password(V16, monkeypatch)


def setting(password: str) -> v2.SetVariables:
    data = v2.SetVariableData(
        component=v2.Component(name="SecurityCtrlr"),
        variable=v2.Variable(name="BasicAuthPassword"),
        attribute_value=password,
    )
    return v2.SetVariables(set_variable_data=(data,))


@both
async def test_TC_A_09_CS_the_password_is_changed(version: Version, monkeypatch: Patch) -> None:
    async with wired(version, monkeypatch, profile=1) as wire:
        await wire.come()
        await boots(wire)
        new = "another-password-42"
        answer = await wire.call(setting(new))
        assert answer.set_variable_result[0].attribute_status in ("Accepted", "RebootRequired")
        wire.password = new
        wire.time.advance(2)
        await wire.connected()
        assert credentials(wire) == expected(new)


@both
async def test_TC_A_10_CS_a_password_that_is_too_short_is_rejected(version: Version, monkeypatch: Patch) -> None:
    async with wired(version, monkeypatch, profile=1) as wire:
        await wire.come()
        await boots(wire)
        answer = await wire.call(setting("short"))
        assert answer.set_variable_result[0].attribute_status == "Rejected"
        wire.station.reconnect()
        await wire.connected()
        assert credentials(wire) == expected(PASSWORD)


async def test_TC_073_CS_the_password_is_changed(monkeypatch: Patch) -> None:
    async with wired(V16, monkeypatch, profile=1) as wire:
        await wire.come()
        await boots(wire)
        told = v16.ChangeConfiguration(key="AuthorizationKey", value="4F43415F4F4354545F61646D696E5F74657374")
        assert (await wire.call(told)).status == "Accepted"
        wire.password = "OCA_OCTT_admin_test"
        wire.time.advance(2)
        await wire.connected()
        assert credentials(wire) == expected("OCA_OCTT_admin_test")


async def test_a_key_of_1_6_may_be_any_bytes(monkeypatch: Patch) -> None:
    async with wired(V16, monkeypatch, profile=1) as wire:
        await wire.come()
        await boots(wire)
        key = bytes(range(240, 256))
        assert (await wire.call(v16.ChangeConfiguration(key="AuthorizationKey", value=key.hex()))).status == "Accepted"
        wire.password = None
        wire.time.advance(2)
        await wire.connected()
        given = wire.callers[-1].credentials
        assert given is not None
        assert given.password == key


async def connects_with_tls(version: Version, monkeypatch: Patch, folder: Path, profile: int, suite: str) -> None:
    async with wired(version, monkeypatch, profile=profile) as wire:
        # Nothing older or weaker is on offer, so it is what the station has.
        await wire.come(server(folder, clients=profile == 3, suite=suite, newest=ssl.TLSVersion.TLSv1_2))
        await boots(wire)
        assert credentials(wire) == (expected(PASSWORD) if profile == 2 else None)
        assert (wire.callers[-1].certificate is not None) == (profile == 3)


@both
@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("profile", [2, 3])
async def test_TC_A_04_CS_the_station_connects_with_TLS(
    version: Version, profile: int, suite: str, monkeypatch: Patch, tmp_path: Path
) -> None:
    await connects_with_tls(version, monkeypatch, tmp_path, profile, suite)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("profile", [2, 3])
async def test_TC_086_CS_the_station_connects_with_TLS(
    profile: int, suite: str, monkeypatch: Patch, tmp_path: Path
) -> None:
    await connects_with_tls(V16, monkeypatch, tmp_path, profile, suite)


async def shows_its_certificate(version: Version, monkeypatch: Patch, folder: Path, suite: str) -> None:
    async with wired(version, monkeypatch, profile=3, serial_number="SN-42") as wire:
        await wire.come(server(folder, clients=True, suite=suite, newest=ssl.TLSVersion.TLSv1_2))
        await boots(wire)
        shown = wire.callers[-1].certificate
        assert shown is not None
        (leaf,) = read(ssl.DER_cert_to_PEM_cert(shown.der))
        check_strength(leaf)
        assert leaf.serial_number > 0
        assert common_name(leaf) == "SN-42"


@both
@pytest.mark.parametrize("suite", SUITES)
async def test_TC_A_07_CS_the_station_shows_its_certificate(
    version: Version, suite: str, monkeypatch: Patch, tmp_path: Path
) -> None:
    await shows_its_certificate(version, monkeypatch, tmp_path, suite)


@pytest.mark.parametrize("suite", SUITES)
async def test_TC_087_CS_the_station_shows_its_certificate(suite: str, monkeypatch: Patch, tmp_path: Path) -> None:
    await shows_its_certificate(V16, monkeypatch, tmp_path, suite)


SOON = datetime.now(UTC) + timedelta(days=300)
BAD = {
    "expired": OPERATOR.issue(HOST, begin=BEGIN, days=10),
    "not valid yet": OPERATOR.issue(HOST, begin=SOON, days=10),
    "of another root": STRANGER.issue(HOST, begin=BEGIN, days=LONG),
    "for another host": OPERATOR.issue("other.example.com", begin=BEGIN, days=LONG),
    "with a wildcard": OPERATOR.issue("*.example.com", begin=BEGIN, days=LONG),
}


@both
@pytest.mark.parametrize("profile", [2, 3])
async def test_TC_A_05_CS_an_invalid_certificate_of_the_management_system_is_refused(
    version: Version, profile: int, monkeypatch: Patch, tmp_path: Path
) -> None:
    async with wired(version, monkeypatch, profile=profile) as wire:
        await wire.come(server(tmp_path))
        await boots(wire)
        for bad in BAD.values():
            await wire.come(server(tmp_path, bad))
            await wire.refused()
            await wire.come(server(tmp_path))
            wire.fresh()
            await wire.connected()
            await wire.until(lambda: "InvalidCsmsCertificate" in alarms(wire))


async def test_names_with_wildcards_may_be_allowed(monkeypatch: Patch, tmp_path: Path) -> None:
    async with wired(V201, monkeypatch, profile=2) as wire:
        await wire.come(server(tmp_path, BAD["with a wildcard"]))
        model = wire.powered.power_on().model
        await wire.until(lambda: wire.lost)
        model.set(Name("SecurityCtrlr", "AllowCSMSTLSWildcards"), "true")
        await wire.connected()


def refuse(port: socket.socket, context: ssl.SSLContext) -> None:
    """One handshake that fails, as OpenSSL answers it by itself: with an alert that says why."""
    connection, _ = port.accept()
    with connection, contextlib.suppress(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


@both
async def test_TC_A_06_CS_a_management_system_with_an_old_TLS_is_refused(
    version: Version, monkeypatch: Patch, tmp_path: Path
) -> None:
    async with wired(version, monkeypatch, profile=2) as wire:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old = server(tmp_path, suite="ALL:@SECLEVEL=0", newest=ssl.TLSVersion.TLSv1_1)
            old.minimum_version = ssl.TLSVersion.TLSv1
        with socket.create_server(("127.0.0.1", wire.port)) as port:
            refusing = asyncio.to_thread(refuse, port, old)
            wire.powered.power_on()
            await soon(refusing)
        await wire.until(lambda: wire.lost)
        await wire.come(server(tmp_path))
        wire.time.advance(100)
        await wire.until(lambda: len(alarms(wire)) == 2)
        assert "BootNotification" in wire.names()
        assert set(alarms(wire)) == {"InvalidTLSVersion", "StartupOfTheDevice"}


async def test_A00_FR_323_a_management_system_with_weak_ciphers_only_is_refused(
    monkeypatch: Patch, tmp_path: Path
) -> None:
    async with wired(V201, monkeypatch, profile=2) as wire:
        weak = server(tmp_path, suite="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", newest=ssl.TLSVersion.TLSv1_2)
        with socket.create_server(("127.0.0.1", wire.port)) as port:
            refusing = asyncio.to_thread(refuse, port, weak)
            wire.powered.power_on()
            await soon(refusing)
        await wire.until(lambda: wire.lost)
        await wire.come(server(tmp_path))
        wire.time.advance(100)
        await wire.until(lambda: "InvalidTLSCipherSuite" in alarms(wire))


async def test_a_password_that_is_wrong_is_in_the_security_log(monkeypatch: Patch) -> None:
    async with wired(V201, monkeypatch, profile=1) as wire:
        wire.password = "what-else-is-wanted"
        await wire.come()
        station = wire.powered.power_on()
        await wire.until(lambda: wire.lost)
        assert "FailedToAuthenticateAtCsms" in station.part(Log).read(Kind.SECURITY, None, None)


async def test_without_a_root_nobody_is_trusted(monkeypatch: Patch, tmp_path: Path) -> None:
    async with wired(V201, monkeypatch, profile=2, roots=()) as wire:
        await wire.come(server(tmp_path))
        station = wire.powered.power_on()
        await wire.until(lambda: wire.lost)
        assert not wire.callers
        assert "InvalidCsmsCertificate" in station.part(Log).read(Kind.SECURITY, None, None)


async def test_a_root_that_another_one_has_signed_is_trusted_by_itself(monkeypatch: Patch, tmp_path: Path) -> None:
    after = OPERATOR.issue("Operator root 2", ca=True, begin=BEGIN, days=LONG)
    async with wired(V201, monkeypatch, profile=2, roots=(after,)) as wire:
        await wire.come(server(tmp_path, after.issue(HOST, begin=BEGIN, days=LONG)))
        await boots(wire)
