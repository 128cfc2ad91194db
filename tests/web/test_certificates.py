"""Certificates at the dashboard: given by the wizard, watched in the overview, issued anew and revoked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from playwright.async_api import Page, expect
from websockets.exceptions import InvalidStatus

from forecourt.clock import SYSTEM
from forecourt.csms.config import Tls
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V201
from forecourt.station.blocks.certificates.model import Identity, Use
from forecourt.station.blocks.certificates.store import endow, trust
from forecourt.station.config import Build
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered
from forecourt.station.storage import Memory
from forecourt.station.timeline import RealTimeline
from forecourt.transport.tls import KeyPairText, client_context
from tests.journeys.driver import station
from tests.transport.authority import Authority
from tests.web.browsing import PATIENCE_MS, Dashboard
from tests.web.conftest import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who has signed the server's certificate."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


def with_root(authority: Authority) -> Tls:
    """A certificate of the server whose file ends with the root."""
    pair = authority.issue("csms", "csms")
    chain = Path(pair.chain)
    chain.write_text(chain.read_text() + authority.roots)
    return Tls(certificates=((chain, Path(pair.key)),))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def secure(
    server: EmbeddedPostgres, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Dashboard]:
    """A management system that stations reach over TLS."""
    async with opened(server, tmp_path_factory.mktemp("secure"), "browsed_over_tls", tls=with_root(authority)) as there:
        yield there


def url(dashboard: Dashboard) -> str:
    """Where stations come to."""
    return f"wss://127.0.0.1:{dashboard.system.csms.port}/ocpp"


async def saved(page: Page, button: str) -> bytes:
    """The file that a button saves."""
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=button).click()
    return (await (await coming.value).path()).read_bytes()


@asynccontextmanager
async def ours(at: str, identity: str, key: str, chain: str, root: str) -> AsyncGenerator[None, None]:
    """A station of ours with what was saved, and nothing else."""
    storage = Memory()
    trust(storage, Use.CSMS, root)
    endow(storage, Identity(key=key, chain=chain))
    storage.commit()
    build = Build(identity=identity, security_profile=3, seed=7)
    timeline = RealTimeline(SYSTEM)
    link = OnlineLink(at)
    powered = Powered(build, timeline, link, SimulatedHardware(build, timeline), storage)
    powered.power_on()
    try:
        yield
    finally:
        powered.cut_power()
        await link.aclose()


async def test_the_wizard_gives_a_station_its_certificate(secure: Dashboard) -> None:
    async with secure.visitor() as visitor:
        page = visitor.page
        await visitor.go("/stations/new")
        await page.get_by_role("textbox", name="Identity").fill("SAFE-1")
        await page.get_by_role("combobox", name="Security profile").click()
        await page.get_by_role("option", name="3: client certificate and TLS").click()
        await page.get_by_role("button", name="Next").click()
        await expect(page.get_by_label("Address", exact=True)).to_contain_text("wss://")
        root = await saved(page, "Root certificate of the server")
        await page.get_by_label("Password for one file").fill("for the installer")
        await visitor.accessible()
        await page.get_by_role("button", name="Issue a certificate").click()
        await expect(page.get_by_role("status", name="Save the files now")).to_contain_text(
            "The private key is shown only now."
        )
        chain, key = await saved(page, "Certificate (.pem)"), await saved(page, "Private key")
        packed = load_pkcs12(await saved(page, "Everything"), b"for the installer")
        assert packed.cert is not None
        assert packed.cert.certificate.subject.rfc4514_string().endswith("CN=SAFE-1")
        await visitor.accessible()
        await page.get_by_role("button", name="I have entered it").click()
        await expect(page.get_by_text("Waiting for the station to connect.")).to_be_visible()
        async with ours(url(secure), "SAFE-1", key.decode(), chain.decode(), root.decode()):
            await expect(page.get_by_text("There it is.")).to_be_visible()
            await page.get_by_role("link", name="Go to the station").click()
            await page.get_by_role("tab", name="Certificates").click()
            row = page.get_by_role("row").filter(has_text="CN=SAFE-1")
            await expect(row).to_contain_text("In use")
            await visitor.accessible()


async def test_without_tls_the_wizard_says_what_is_missing(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/stations/new")
        await expect(page.get_by_text("This server has no certificate")).to_have_count(0)
        await page.get_by_role("combobox", name="Security profile").click()
        await page.get_by_role("option", name="2: password and TLS").click()
        missing = page.get_by_role("status", name="This server has no certificate")
        await expect(missing).to_contain_text("Until then choose security profile 1.")
        await visitor.accessible()


async def test_a_certificate_about_to_expire_is_noticed_and_another_takes_its_place(
    secure: Dashboard, authority: Authority
) -> None:
    platform = secure.system.platform
    made = await platform.post("/stations", {"stationId": "ENDING-1", "securityProfile": 3})

    async def tls_of(issued: Any) -> Any:
        return client_context(roots=authority.roots, key_pair=KeyPairText(issued["chain"], issued["privateKey"]))

    first = await platform.post(f"/stations/{made['id']}/certificates", {})
    async with station(url(secure), "ENDING-1", V201, password=None, tls=await tls_of(first)) as there:
        await there.boot()
    soon = "UPDATE certificate SET not_after = now() + interval '5 days' WHERE serial = '{}'"
    await secure.system.change(soon.format(first["certificate"]["serial"]))
    async with secure.visitor() as visitor:
        page = visitor.page
        await visitor.go("/")
        await page.get_by_role("link", name="Certificates that are about to expire").click()
        await visitor.heading("Certificates")
        row = page.get_by_role("row").filter(has_text="ENDING-1")
        await expect(row).to_contain_text("In use, expires soon")
        await expect(row).to_contain_text("in 4 days")
        await visitor.accessible()
        await row.get_by_role("link", name="ENDING-1").click()
        await page.get_by_role("button", name="Issue a certificate").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Issue a certificate").click()
        chain, key = await saved(page, "Certificate (.pem)"), await saved(page, "Private key")
        await visitor.accessible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("row").filter(has_text="Not used yet")).to_be_visible()
        second = {"chain": chain.decode(), "privateKey": key.decode()}
        async with station(url(secure), "ENDING-1", V201, password=None, tls=await tls_of(second)) as there:
            await there.boot()
            # Both by themselves: the one is used now, the other was.
            await expect(page.get_by_role("row").filter(has_text="Another is used")).to_be_visible()
            used = page.get_by_role("row").filter(has_text="In use")
            await expect(used).to_be_visible()
            await page.get_by_role("link", name="Overview").click()
            await expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
            await expect(page.get_by_text("Certificates that are about to expire")).to_have_count(0)
            await page.go_back()
            await used.get_by_role("button", name="Revoke").click()
            question = page.get_by_role("dialog")
            await expect(question).to_contain_text("its connection ends at once")
            await visitor.accessible()
            await question.get_by_role("button", name="Revoke").click()
            await expect(page.get_by_role("row").filter(has_text="Revoked")).to_be_visible()
            assert await there.closed() == 1008
        with pytest.raises(InvalidStatus):
            async with station(url(secure), "ENDING-1", V201, password=None, tls=await tls_of(second)):
                pass


async def test_who_may_not_issue_certificates_is_not_offered_it(dashboard: Dashboard) -> None:
    made = await dashboard.system.platform.post("/stations", {"stationId": "SEEN-1", "securityProfile": 3})
    await dashboard.system.platform.post(f"/stations/{made['id']}/certificates", {})
    async with dashboard.somebody(Role.VIEWER, "viewer-of-certificates") as visitor:
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/certificates")
        await expect(page.get_by_role("row").filter(has_text="CN=SEEN-1")).to_contain_text("Not used yet")
        for name in ("Issue a certificate", "Revoke"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
