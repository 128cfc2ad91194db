"""A station gets its certificate here, comes with it, and stays out once that is revoked."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from websockets.exceptions import InvalidStatus

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Tls
from forecourt.ocpp.versions import V201
from forecourt.transport.tls import KeyPairText, client_context
from tests.csms.api.system import Caller, client_of
from tests.journeys.driver import station
from tests.journeys.site import LIMIT_S, PASSWORD, Site
from tests.transport.authority import Authority


@asynccontextmanager
async def served(
    database_url: str, folder: Path, authority: Authority, *, issue: bool = True, years: int = 80
) -> AsyncGenerator[tuple[Site, Caller], None]:
    """A management system over TLS that signs certificates of stations itself, and its administrator."""
    pair = authority.issue("csms", "csms", years=years)
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(port=0, administrator_password="a-password-for-the-administrator"),
        database=Database(url=database_url, folder=folder),
        gateway=Gateway(registration="closed"),
        tls=Tls(certificates=((Path(pair.chain), Path(pair.key)),), issue=issue),
    )
    async with app.run(config) as csms, client_of(csms) as client:
        key = (folder / "secrets/local-administration").read_bytes().hex()
        yield Site(csms, secure=True), Caller(client, key)


async def has(caller: Caller, path: str, wanted: Any, **options: Any) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(LIMIT_S):
        while not wanted(await caller.get(path, **options)):
            pass


async def test_A00_FR_404_A00_FR_405_a_certificate_made_here_opens_the_door_until_it_is_revoked(
    database_url: str, tmp_path: Path
) -> None:
    authority = Authority.make(tmp_path)
    async with served(database_url, tmp_path, authority) as (site, me):
        made = await me.post("/stations", {"stationId": "CP", "securityProfile": 3})
        # Nothing was signed yet: stations with a password, and a certificate of their maker's, are not asked for it.
        assert await me.get("/certificates/ca") == {"issues": True, "root": None, "fingerprint": None, "validTo": None}
        await me.post("/stations", {"stationId": "OLD", "securityProfile": 2, "password": PASSWORD})
        stranger = client_context(roots=authority.roots, key_pair=authority.issue("stranger", "OLD"))
        async with station(site.url, "OLD", V201, tls=stranger) as driver:
            assert (await driver.boot()).status == "Accepted"

        issued = await me.post(f"/stations/{made['id']}/certificates", {"password": "for the installer"})
        assert issued["certificate"]["subject"].endswith("CN=CP")
        assert (await me.get("/certificates/ca"))["root"] == issued["root"]
        assert issued["pkcs12"]
        key_file = tmp_path / "secrets/station-authority.pem"
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        tls = client_context(roots=authority.roots, key_pair=KeyPairText(issued["chain"], issued["privateKey"]))
        path = f"/stations/{made['id']}/certificates"
        (listed,) = (await me.get(path))["items"]
        assert (listed["origin"], listed["inUse"], listed["shownAt"]) == ("issued", False, None)

        async with station(site.url, "CP", V201, password=None, tls=tls) as driver:
            assert (await driver.boot()).status == "Accepted"
            await has(me, path, lambda page: [one["inUse"] for one in page["items"]] == [True])
            revoked = await me.post(f"{path}/{listed['id']}/revoke", {}, 200)
            assert revoked["revokedAt"] is not None
            assert await driver.closed() == 1008
        with pytest.raises(InvalidStatus) as refused:
            async with station(site.url, "CP", V201, password=None, tls=tls):
                pass
        assert refused.value.response.status_code == 403
        await has(
            me,
            "/refused-handshakes",
            lambda page: [one["reason"] for one in page["items"]] == ["certificate_revoked"],
        )
        # Another one does, and the private key was nowhere kept.
        again = await me.post(path, {})
        tls = client_context(roots=authority.roots, key_pair=KeyPairText(again["chain"], again["privateKey"]))
        async with station(site.url, "CP", V201, password=None, tls=tls) as driver:
            assert (await driver.boot()).status == "Accepted"
        secret = issued["privateKey"].splitlines()[1]
        for table in ("certificate", "audit", "event", "message_log"):
            assert await site.rows(f"SELECT 1 FROM {table} AS one WHERE one::text LIKE :part", part=f"%{secret}%") == []
        actions = [one["action"] for one in (await me.get("/audit"))["items"]]
        assert actions.count("station.certificate_issued") == 2
        assert actions.count("station.certificate_revoked") == 1
    # After a restart it is the same root, and what was revoked stays so.
    async with served(database_url, tmp_path, authority) as (site, me):
        tls_revoked = client_context(roots=authority.roots, key_pair=KeyPairText(issued["chain"], issued["privateKey"]))
        with pytest.raises(InvalidStatus):
            async with station(site.url, "CP", V201, password=None, tls=tls_revoked):
                pass
        async with station(site.url, "CP", V201, password=None, tls=tls) as driver:
            assert (await driver.boot()).status == "Accepted"


async def test_where_certificates_are_signed_elsewhere_none_is_made(database_url: str, tmp_path: Path) -> None:
    async with served(database_url, tmp_path, Authority.make(tmp_path), issue=False) as (_, me):
        made = await me.post("/stations", {"stationId": "CP", "securityProfile": 3})
        path = f"/stations/{made['id']}/certificates"
        assert await me.refused("POST", path, json={}) == (409, "certificates_signed_elsewhere", [])
        assert (await me.get("/certificates/ca"))["issues"] is False


async def test_certificates_that_end_soon_are_counted_listed_and_told_once(database_url: str, tmp_path: Path) -> None:
    authority = Authority.make(tmp_path)
    async with served(database_url, tmp_path, authority, years=1) as (site, me):
        # The server's own has ended long ago (2020); that of who it comes from is not known to be trusted.
        await has(me, "/overview", lambda counts: counts["certificatesExpiring"] == 1)
        (own,) = (await me.get("/certificates", params={"expiring": True}))["items"]
        assert (own["holder"], own["inUse"], own["stationId"]) == ("server", True, None)
        soon = (datetime.now(UTC) + timedelta(days=21)).isoformat()
        assert (await me.get("/certificates", params={"expiresBefore": soon}))["items"] == [own]
        assert (await me.get("/certificates", params={"expiresBefore": "2019-01-01T00:00:00Z"}))["items"] == []
        await site.until("SELECT data->>'holder' FROM event WHERE kind = 'CertificateExpiring'", [("server",)])
        (served_chain,) = (await me.get("/certificates/server"))["items"]
        leaf = x509.load_pem_x509_certificate(served_chain["chain"].encode())
        assert served_chain["issuer"] == leaf.issuer.rfc4514_string()
        assert served_chain["root"] is None
    async with served(database_url, tmp_path, authority) as (site, me):
        # Replaced: nothing is left to be looked at.
        await has(me, "/overview", lambda counts: counts["certificatesExpiring"] == 0)
        assert len(await site.rows("SELECT 1 FROM event WHERE kind = 'CertificateExpiring'")) == 1
