"""A station's certificate is revoked while the management system runs, and what becomes of the station."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from forecourt.csms.stations.model import SecurityProfile
from forecourt.ocpp.versions import V201
from forecourt.transport.tls import client_context
from tests.journeys.driver import station
from tests.journeys.site import LIMIT_S
from tests.journeys.test_door import OWNER, secured
from tests.transport.authority import Authority


async def test_A00_a_certificate_that_is_revoked_opens_no_more_although_the_list_is_late_and_others_still_do(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("forecourt.csms.upkeep.OFTEN_S", 0.2)
    authority = Authority.make(tmp_path)
    server = authority.issue("csms", "csms")
    gone, good = (authority.issue(name, name, organization=OWNER) for name in ("GONE", "GOOD"))
    crl = authority.revoke("ca.crl")
    async with secured(database_url, tmp_path, authority, server):
        pass
    async with secured(database_url, tmp_path, authority, server, crl=(crl,)) as site:
        known = await site.announce("GONE", profile=SecurityProfile.TLS_CERTIFICATE)
        await site.announce("GOOD", profile=SecurityProfile.TLS_CERTIFICATE)
        tls = {
            name: client_context(roots=authority.roots, key_pair=pair)
            for name, pair in (("GONE", gone), ("GOOD", good))
        }
        for name in ("GONE", "GOOD"):
            async with station(site.url, name, V201, password=None, tls=tls[name]) as driver:
                assert (await driver.boot()).status == "Accepted"
        assert "should have been replaced" not in caplog.text
        # A list that cannot be used changes nothing; the next one does, although it is late.
        crl.write_bytes(b"half a file")
        async with asyncio.timeout(LIMIT_S):
            while "changed certificates cannot be used" not in caplog.text:
                await site.rows("SELECT 1")
        authority.revoke("ca.crl", gone, until=datetime(2021, 1, 1, tzinfo=UTC))
        async with asyncio.timeout(LIMIT_S):
            while "should have been replaced on 2021-01-01" not in caplog.text:
                await site.rows("SELECT 1")
        with pytest.raises(InvalidStatus) as refused:
            async with station(site.url, "GONE", V201, password=None, tls=tls["GONE"]):
                pass
        assert refused.value.response.status_code == 403
        await site.until(
            "SELECT wire_id, reason, detail FROM refused_handshake",
            [("GONE", "certificate_revoked", "the certificate has been revoked by its authority")],
        )
        await site.until(
            "SELECT tech_info LIKE 'certificate_revoked%' FROM security_event WHERE station_id = :key",
            [(True,)],
            key=known.key,
        )
        async with station(site.url, "GOOD", V201, password=None, tls=tls["GOOD"]) as driver:
            assert (await driver.say("Heartbeat")).current_time
