"""Who may not come in, what it is answered, and what the operator finds about it; and who may, over each security profile."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from cryptography import x509
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Tls
from forecourt.csms.stations.model import SecurityProfile
from forecourt.ocpp.versions import V16, Version
from forecourt.transport import KeyPair
from forecourt.transport.tls import client_context
from tests.journeys.driver import basic, station
from tests.journeys.site import LIMIT_S, PASSWORD, VERSIONS, Site
from tests.transport.authority import Authority

OWNER = "Acme Charging"


def named(version: Version) -> str:
    return version.name


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who signs both this server's certificates and those of its stations."""
    return Authority.make(tmp_path)


@asynccontextmanager
async def secured(
    database_url: str, folder: Path, authority: Authority, *pairs: KeyPair, crl: tuple[Path, ...] = ()
) -> AsyncIterator[Site]:
    """The management system with these certificates, and lists of revoked ones."""
    roots = folder / "roots.pem"
    roots.write_text(authority.roots)
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(enabled=False),
        database=Database(url=database_url, folder=folder),
        gateway=Gateway(registration="closed"),
        tls=Tls(
            certificates=tuple((Path(pair.chain), Path(pair.key)) for pair in pairs), client_ca=roots, client_crl=crl
        ),
    )
    async with app.run(config) as csms:
        async with csms.store.database.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE organisation SET name = 'Acme Charging'")
        yield Site(csms, secure=True)


@pytest.fixture
async def site_with_tls(database_url: str, tmp_path: Path, authority: Authority) -> AsyncIterator[Site]:
    """The management system with an RSA and an ECDSA certificate side by side."""
    # The names certificates may carry are read at start: the organisation has to be there before.
    async with secured(database_url, tmp_path, authority, authority.issue("first", "csms")):
        pass
    pairs = authority.issue("ec", "csms"), authority.issue("rsa", "csms", use_rsa=True)
    async with secured(database_url, tmp_path, authority, *pairs) as site:
        yield site


async def status_of(url: str, password: str | None, subprotocols: list[str], user: str = "CP") -> tuple[int, Any]:
    """The answer to a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            url,
            subprotocols=[websockets.Subprotocol(name) for name in subprotocols],
            additional_headers={} if password is None else basic(user, password),
        ):
            pass
    return refused.value.response.status_code, refused.value.response.headers


@pytest.mark.parametrize("version", VERSIONS, ids=named)
@pytest.mark.parametrize(
    ("path", "user", "password", "status", "reason"),
    [
        pytest.param("ocpp/NOBODY", "NOBODY", PASSWORD, 404, "unknown_station", id="identity"),
        pytest.param("ocpp/CP", "CP", "a-wrong-password-of-length", 401, "wrong_password", id="password"),
        pytest.param("ocpp/CP", "CP", None, 401, "no_password", id="no password"),
        pytest.param("ocpp/CP", "OTHER", PASSWORD, 401, "wrong_username", id="user name"),
        pytest.param("steve/CP", "CP", PASSWORD, 404, "wrong_path", id="path"),
    ],
)
async def test_A00_who_comes_with_the_wrong_one_is_told_and_listed(
    site: Site, version: Version, path: str, user: str, password: str | None, status: int, reason: str
) -> None:
    await site.announce("CP")
    url = site.url.removesuffix("ocpp") + path
    answered, headers = await status_of(url, password, [version.subprotocol], user)
    assert answered == status
    assert ("WWW-Authenticate" in headers) is (status == 401)
    wire_id = "" if reason == "wrong_path" else path.partition("/")[2]
    await site.until(
        "SELECT wire_id, reason, subprotocols FROM refused_handshake", [(wire_id, reason, [version.subprotocol])]
    )
    # What was tried is nowhere.
    ((row,),) = await site.rows("SELECT refused_handshake::text FROM refused_handshake")
    assert password is None or password not in row


async def test_no_common_subprotocol_completes_the_upgrade_without_one_and_closes(site: Site) -> None:
    await site.announce("CP")
    async with connect(
        f"{site.url}/CP", subprotocols=[websockets.Subprotocol("ocpp1.2")], additional_headers=basic("CP", PASSWORD)
    ) as connection:
        assert connection.subprotocol is None
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(LIMIT_S):
                await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1002
    await site.until(
        "SELECT wire_id, reason, subprotocols FROM refused_handshake", [("CP", "no_common_subprotocol", ["ocpp1.2"])]
    )


async def test_who_names_no_subprotocol_is_told_which_there_are(site: Site) -> None:
    await site.announce("CP")
    answered, _ = await status_of(f"{site.url}/CP", PASSWORD, [])
    assert answered == 400
    await site.until("SELECT wire_id, reason FROM refused_handshake", [("CP", "no_subprotocol")])


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_A00_profile_0_is_refused_where_it_is_not_allowed(site: Site, version: Version) -> None:
    await site.announce("CP", profile=SecurityProfile.NONE)
    answered, _ = await status_of(f"{site.url}/CP", None, [version.subprotocol])
    assert answered == 403
    await site.until("SELECT wire_id, reason FROM refused_handshake", [("CP", "security_profile_0_not_allowed")])


class TestAllowed:
    @pytest.fixture
    def gateway(self) -> Gateway:
        return Gateway(registration="closed", allow_profile_0=True)

    @pytest.mark.parametrize("version", VERSIONS, ids=named)
    async def test_A00_profile_0_comes_in_where_it_is_allowed(self, site: Site, version: Version) -> None:
        await site.announce("CP", profile=SecurityProfile.NONE)
        async with station(site.url, "CP", version, password=None) as driver:
            assert (await driver.boot()).status == "Accepted"


@pytest.mark.parametrize("version", VERSIONS, ids=named)
async def test_A00_stations_come_over_tls_with_password_or_certificate_in_every_version(
    site_with_tls: Site, authority: Authority, version: Version
) -> None:
    await site_with_tls.announce("P2", profile=SecurityProfile.TLS_BASIC)
    await site_with_tls.announce("P3", profile=SecurityProfile.TLS_CERTIFICATE)
    async with station(site_with_tls.url, "P2", version, tls=client_context(roots=authority.roots)) as driver:
        assert (await driver.boot()).status == "Accepted"
    tls = client_context(roots=authority.roots, key_pair=authority.issue("P3", "P3", organization=OWNER))
    async with station(site_with_tls.url, "P3", version, password=None, tls=tls) as driver:
        assert (await driver.boot()).status == "Accepted"


async def test_A00_certificates_of_somebody_else_are_refused_and_listed(
    site_with_tls: Site, authority: Authority
) -> None:
    site = site_with_tls
    await site.announce("CP", profile=SecurityProfile.TLS_CERTIFICATE)

    async def refused(pair: KeyPair | None, reason: str, password: str | None = None) -> None:
        tls = client_context(roots=authority.roots, key_pair=pair)
        with pytest.raises(InvalidStatus) as error:
            async with station(site.url, "CP", V16, password=password, tls=tls):
                pass
        assert error.value.response.status_code == 403
        await site.until(
            "SELECT wire_id, reason FROM refused_handshake WHERE reason = :why", [("CP", reason)], why=reason
        )

    await refused(authority.issue("other", "OTHER", organization=OWNER), "wrong_certificate_name")
    await refused(authority.issue("owner", "CP", organization="Somebody else"), "wrong_certificate_owner")
    await refused(None, "no_certificate", PASSWORD)


async def test_A00_certificates_that_do_not_verify_end_the_handshake_and_are_listed(
    site_with_tls: Site, authority: Authority, tmp_path: Path
) -> None:
    site = site_with_tls
    await site.announce("CP", profile=SecurityProfile.TLS_CERTIFICATE)
    (tmp_path / "elsewhere").mkdir()
    stranger = Authority.make(tmp_path / "elsewhere", "Another CA").issue("CP", "CP", organization=OWNER)
    expired = authority.issue("expired", "CP", organization=OWNER, years=1)
    for pair, detail in ((expired, "certificate has expired"), (stranger, "unable to get local issuer certificate")):
        with pytest.raises((OSError, websockets.InvalidHandshake, ConnectionClosed, EOFError)):
            async with station(
                site.url, "CP", V16, password=None, tls=client_context(roots=authority.roots, key_pair=pair)
            ):
                pass
        await site.until(
            "SELECT reason, detail FROM refused_handshake WHERE detail = :detail",
            [("tls_failed", detail)],
            detail=detail,
        )


@pytest.mark.parametrize("signed", ["ECDSA", "RSA"])
async def test_A00_rsa_and_ecdsa_stand_side_by_side(site_with_tls: Site, authority: Authority, signed: str) -> None:
    await site_with_tls.announce("CP", profile=SecurityProfile.TLS_BASIC)
    tls = client_context(roots=authority.roots)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers(f"ECDHE-{signed}-AES128-GCM-SHA256")
    async with station(site_with_tls.url, "CP", V16, tls=tls) as driver:
        assert (await driver.boot()).status == "Accepted"
        assert driver.connection.transport.get_extra_info("cipher")[0] == f"ECDHE-{signed}-AES128-GCM-SHA256"


async def test_a_certificate_is_renewed_without_a_restart_and_without_a_disconnection(
    database_url: str,
    tmp_path: Path,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("forecourt.csms.upkeep.OFTEN_S", 0.2)
    pair = authority.issue("csms", "csms")
    async with secured(database_url, tmp_path, authority, pair) as site:
        await site.announce("CP", profile=SecurityProfile.TLS_BASIC)
        tls = client_context(roots=authority.roots)
        async with station(site.url, "CP", V16, tls=tls) as driver:
            await driver.boot()
            before = await shown(site, tls)
            # A half-written renewal: the key does not fit. The earlier certificate stays.
            half_written(authority, pair)
            async with asyncio.timeout(LIMIT_S):
                while "changed certificates cannot be used" not in caplog.text:
                    await site.rows("SELECT 1")
            assert await shown(site, tls) == before
            renewed = serial_number(authority.issue("csms", "csms"))
            async with asyncio.timeout(LIMIT_S):
                while (now := await shown(site, tls)) == before:
                    pass
            assert now == renewed
            assert (await driver.say("Heartbeat")).current_time


def half_written(authority: Authority, pair: KeyPair) -> None:
    key = Path(pair.key).read_bytes()
    authority.issue("csms", "csms")
    Path(pair.key).write_bytes(key)


def serial_number(pair: KeyPair) -> int:
    return x509.load_pem_x509_certificate(Path(pair.chain).read_bytes()).serial_number


async def shown(site: Site, tls: ssl.SSLContext) -> int:
    """The serial number of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection("127.0.0.1", site.csms.port, ssl=tls)
    try:
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(found).serial_number
    finally:
        writer.close()
        await writer.wait_closed()
