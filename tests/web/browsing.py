"""What browser journeys hold: the dashboard of a running management system, people at it, and stations behind it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from forecourt.clock import SYSTEM
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V21, Version
from forecourt.station.config import Build, EvseBuild
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.online import OnlineLink
from forecourt.station.running import Powered
from forecourt.station.storage import Memory
from forecourt.station.timeline import RealTimeline
from tests.csms.api.system import System
from tests.journeys.site import PASSWORD
from tools.web.node import MODULES

ADMINISTRATOR: Final = "a-password-for-the-administrator"
PATIENCE_MS: Final = 20_000
"""The longest anything may take to appear, on a machine that is busy with other tests."""

_AXE: Final = MODULES / "axe-core/axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_FRAMES: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CONTRAST: Final = {"type": "rule", "values": ["color-contrast"]}
"""What may be otherwise in the other theme: the page is the same."""
_THEMES: Final[tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...]] = (
    ("light", {"type": "tag", "values": _RULES}),
    ("dark", _CONTRAST),
)

# Before somebody has signed in, the page asks who is there, and is told that nobody is; what is refused is shown, and logged too.
_EXPECTED: Final = ("Failed to load resource",)


@dataclass
class Visitor:
    """Somebody at the dashboard. `complaints` are what the browser had to say that it should not."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        """Open a page by its address."""
        await self.page.goto(self.url + path)

    async def heading(self, words: str) -> None:
        """Wait until the page with this name is there."""
        await self.page.get_by_role("heading", level=1, name=words).wait_for()

    async def loaded(self) -> None:
        """Wait until nothing on the page is still on its way."""
        waiting = ".mantine-Skeleton-root, .mantine-Loader-root, [aria-busy=true], [data-drawn=false]"
        await expect(self.page.locator(waiting)).to_have_count(0, timeout=PATIENCE_MS)

    async def accessible(self) -> None:
        """Fail with what people cannot use who do not see, or who do not point, in either theme."""
        # A menu that is closing is neither there nor gone.
        await self.page.get_by_role("menu").wait_for(state="hidden")
        # Not as a script of the page: its policy lets nobody add one.
        await self.page.evaluate(_AXE.read_text())
        for scheme, rules in _THEMES:
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # Colours on their way from one theme to the other are nobody's; the page sets out a frame after it hears of the theme.
            await self.page.evaluate(_FRAMES)
            await self.page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
            found = await self.page.evaluate("(rules) => axe.run(document, { runOnly: rules })", rules)
            said = [f"{one['id']}: {one['help']}: {_where(one)}" for one in found["violations"]]
            assert said == [], f"{self.page.url} in the {scheme} theme: {said}"
        await self.page.emulate_media(color_scheme="light")


def _where(violation: dict[str, Any]) -> list[str]:
    return [f"{node['html'][:200]} ({node['failureSummary'][:300]})" for node in violation["nodes"][:4]]


class Network:
    """What lies between a browser and the server, and can go away."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._down = False
        self._open: set[asyncio.StreamWriter] = set()
        self.url = ""

    @asynccontextmanager
    async def there(self) -> AsyncGenerator[Network, None]:
        """The network, as long as the block lasts."""
        async with await asyncio.start_server(self._relay, "127.0.0.1", 0) as relay:
            self.url = f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
            yield self
            self.go_away()

    def go_away(self) -> None:
        """Every connection breaks, and no other comes about."""
        self._down = True
        for writer in self._open:
            writer.close()

    def come_back(self) -> None:
        """Connections can be made again."""
        self._down = False

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pour(reader, far_writer))
                both.create_task(_pour(far_reader, writer))
        finally:
            self._open -= {writer, far_writer}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while said := await reader.read(65_536):
            writer.write(said)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class Dashboard:
    """The dashboard of a management system, and whoever comes to it."""

    def __init__(self, system: System, browser: Browser) -> None:
        self.system = system
        self.url = f"http://127.0.0.1:{system.csms.api_port}"
        self._browser = browser

    @asynccontextmanager
    async def visitor(self, *, signed_in: bool = True, url: str = "", **context: Any) -> AsyncGenerator[Visitor, None]:
        """The administrator at the dashboard, in a browser that has never been there. Fails for what the browser complained of."""
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "UTC", **context}
        url = url or self.url
        made = await self._browser.new_context(base_url=url, **options)
        made.set_default_timeout(PATIENCE_MS)
        try:
            visitor = Visitor(await made.new_page(), url)
            await self._watch(made, visitor)
            if signed_in:
                await self.sign_in(made, "admin", ADMINISTRATOR)
            yield visitor
        finally:
            await made.close()
        assert visitor.complaints == []

    async def settled(self, identity: str, *, connected: bool) -> None:
        """Wait until the management system has noticed that a station is there, or gone."""
        question = f"SELECT connected FROM station WHERE wire_id = '{identity}'"
        async with SYSTEM.timeout(PATIENCE_MS / 1000):
            while await self.system.rows(question) != [(connected,)]:
                pass

    async def sign_in(self, context: BrowserContext, login: str, password: str) -> None:
        """Give a browser the session of somebody."""
        answer = await context.request.post("/api/v1/session", data={"login": login, "password": password})
        assert answer.status == 201, await answer.text()

    @asynccontextmanager
    async def somebody(self, role: Role, login: str, **context: Any) -> AsyncGenerator[Visitor, None]:
        """A person with one role in the first organisation, at the dashboard."""
        password = f"a password of {login}"
        grants = [{"role": role, "organisationId": 1}]
        await self.system.platform.post("/users", {"login": login, "password": password, "grants": grants})
        async with self.visitor(signed_in=False, **context) as visitor:
            await self.sign_in(visitor.page.context, login, password)
            yield visitor

    async def _watch(self, context: BrowserContext, visitor: Visitor) -> None:
        async def only_here(route: Route) -> None:
            if route.request.url.startswith((visitor.url, "data:", "blob:")):
                await route.continue_()
            else:
                visitor.complaints.append(f"asked for {route.request.url}")
                await route.abort()

        await context.route("**/*", only_here)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"failed: {error}"))
        visitor.page.on(
            "console",
            lambda message: (
                visitor.complaints.append(message.text)
                if message.type in ("error", "warning") and not message.text.startswith(_EXPECTED)
                else None
            ),
        )

    @asynccontextmanager
    async def station(
        self, identity: str, *, version: Version = V21, announced: bool = True, evses: int = 1, **more: Any
    ) -> AsyncGenerator[SimulatedHardware, None]:
        """A virtual station of ours at the management system; what it gives is its hardware, to plug in at and show cards to."""
        if announced:
            await self.system.platform.post("/stations", {"stationId": identity, "password": PASSWORD, **more})
        build = Build(identity=identity, versions=(version,), evses=(EvseBuild(current_a=32),) * evses, seed=7)
        timeline = RealTimeline(SYSTEM)
        link = OnlineLink(f"ws://127.0.0.1:{self.system.csms.port}/ocpp", password=PASSWORD)
        hardware = SimulatedHardware(build, timeline)
        powered = Powered(build, timeline, link, hardware, Memory())
        powered.power_on()
        try:
            yield hardware
        finally:
            powered.cut_power()
            await link.aclose()


def pictures() -> Path | None:
    """Where pictures for the documents go; None in tests, which take them as well but leave the documents alone."""
    folder = os.environ.get("FORECOURT_PICTURES")
    return Path(folder) if folder else None
