"""What a browser needs for the dashboard: how much it loads, how soon it can be used, and how it keeps up when a lot happens.

Method. The demo, in a process of its own, and a headless Chromium in front of it. First a browser that has never been there opens
the sign-in: what it loads until then is the first load, as sent. Then, signed in, the overview is opened several times with the
browser's cache emptied: it can be used when its figures are there. Last the list of stations with many of them, all loaded, and
in place of the server's stream one that tells of every station once a second that a connector has changed, with readings: the
time between the browser's frames is taken while that goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, Request, ViewportSize, async_playwright

from bench._stations import say
from tools.web.__main__ import build
from tools.web.browser import launching

_STARTS_WITHIN_S: Final = 120
_SCREEN: Final[ViewportSize] = {"width": 1280, "height": 900}

# In place of EventSource: every station once a second, spread over it, as long as it is told to.
_STREAM: Final = """
(() => {
  const ids = %s;
  window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    readyState = 1;
    constructor() { super(); window.stream = this; setTimeout(() => this.say("open", {}, "1-0"), 0); }
    say(name, data, id = "") { this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId: id })); }
    close() {}
  };
  window.pour = (seconds) => new Promise((done) => {
    const began = performance.now(); let told = 0; const states = ["Available", "Occupied"];
    const timer = setInterval(() => {
      const passed = (performance.now() - began) / 1000;
      for (; told < passed * ids.length; told++) {
        const stationId = ids[told %% ids.length]; const at = new Date().toISOString();
        const data = { evseId: 1, connectorId: 1, status: states[told %% 2], wireStatus: "", pluggedIn: true, charging: null };
        stream.say("message", { cursor: `1-${told}`, id: told, at, kind: "ConnectorChanged", organisationId: 1, stationId, data }, `1-${told}`);
        stream.say("readings", { organisationId: 1, stationId, siteId: null, evseId: 1, at, powerW: told %% 11000, energyWh: told,
          socPercent: null, currentPerPhaseA: {}, voltagePerPhaseV: {}, readings: [] });
      }
      if (passed >= seconds) { clearInterval(timer); done(told); }
    }, 4);
  });
  window.frames_of = (seconds) => new Promise((done) => {
    const gaps = []; let last = 0; const until = performance.now() + 1000 * seconds;
    const frame = (at) => { if (last) gaps.push(at - last); last = at; at < until ? requestAnimationFrame(frame) : done(gaps); };
    requestAnimationFrame(frame);
  });
})();
"""


@dataclass(frozen=True)
class Place:
    """Where the demo is, and how to get in."""

    url: str
    password: str
    pid: int


@asynccontextmanager
async def demo(folder: Path) -> AsyncGenerator[Place, None]:
    """The demo, running until the block is over."""
    command = [sys.executable, "-m", "forecourt", "demo", "--data", str(folder)]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    assert process.stdout is not None
    try:
        said = ""
        async with asyncio.timeout(_STARTS_WITHIN_S):
            while "Ctrl-C" not in said:
                line = await process.stdout.readline()
                if not line:
                    raise SystemExit(f"the demo did not start:\n{said}")
                said += line.decode()
        url, password = re.search(r"dashboard\s+(\S+)/", said), re.search(r"password (\S+)", said)
        assert url is not None
        assert password is not None
        yield Place(url[1], password[1], process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def first_load(browser: Browser, place: Place) -> dict[str, int]:
    """Bytes that a browser is sent until the sign-in is there, by kind."""
    context = await browser.new_context(viewport=_SCREEN)
    page = await context.new_page()
    sizes: dict[str, int] = {}
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    await page.goto(place.url)
    await page.get_by_role("heading", level=1).wait_for()
    await page.wait_for_load_state("networkidle")
    for request in loaded:
        found = await request.sizes()
        size = found["responseBodySize"] + found["responseHeadersSize"]
        sizes[request.resource_type] = sizes.get(request.resource_type, 0) + size
    await context.close()
    return sizes


async def interactive_s(context: BrowserContext, place: Place, times: int) -> list[float]:
    """Seconds from asking for the overview to its figures being there, in a browser whose cache is empty."""
    found = []
    for _ in range(times):
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Network.clearBrowserCache")
        await page.goto(place.url + "/", wait_until="commit")
        await page.get_by_text("Needs attention").wait_for()
        found.append(await page.evaluate("performance.now() / 1000"))
        await page.close()
    return found


async def frames(context: BrowserContext, place: Place, stations: int, seconds: float) -> dict[str, Any]:
    """How long frames take while every station of a long list changes once a second."""
    token = (await (await context.request.get(f"{place.url}/api/v1/me")).json())["csrfToken"]
    ids = []
    for number in range(stations):
        body = {"stationId": f"BENCH-{number:05}"}
        made = await context.request.post(f"{place.url}/api/v1/stations", data=body, headers={"X-CSRF-Token": token})
        assert made.status == 201, await made.text()
        ids.append((await made.json())["id"])
    page: Page = await context.new_page()
    await page.add_init_script(_STREAM % ids)
    await page.goto(f"{place.url}/stations?search=BENCH")
    table = page.get_by_role("table")
    await table.wait_for()
    more = page.get_by_role("button", name="Show more")
    while (known := int(await table.get_attribute("aria-rowcount") or 0)) <= stations:
        await more.click()
        await page.locator(f"table:not([aria-rowcount='{known}'])").wait_for()
    still = await page.evaluate(f"frames_of({seconds})")
    told, gaps = await page.evaluate(f"Promise.all([pour({seconds}), frames_of({seconds})])")
    await page.close()
    return {"still": still, "gaps": gaps, "told": told}


async def main() -> None:
    """Measure, and print one JSON object last."""
    parser = argparse.ArgumentParser(prog="make bench NAME=web", description=__doc__)
    parser.add_argument("--stations", type=int, default=1000, help="in the list that changes")
    parser.add_argument("--seconds", type=float, default=5.0, help="for which it changes")
    parser.add_argument("--times", type=int, default=5, help="the overview is opened")
    given = parser.parse_args()
    build()
    with tempfile.TemporaryDirectory(prefix="forecourt-bench-") as folder:
        os.chmod(folder, 0o755)  # the own account of the database has to get in
        async with demo(Path(folder) / "demo") as place, async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launching())
            sizes = await first_load(browser, place)
            context = await browser.new_context(viewport=_SCREEN)
            answer = await context.request.post(
                f"{place.url}/api/v1/session", data={"login": "admin", "password": place.password}
            )
            assert answer.status == 201
            opened = await interactive_s(context, place, given.times)
            moving = await frames(context, place, given.stations, given.seconds)
            await browser.close()
    gaps = sorted(moving["gaps"])
    still = statistics.median(moving["still"])
    say(
        {
            "first_load_kib_gzip": round(sum(sizes.values()) / 1024, 1),
            "first_load_by_kind_kib": {name: round(size / 1024, 1) for name, size in sorted(sizes.items())},
            "interactive_s": round(statistics.median(opened), 3),
            "interactive_first_s": round(opened[0], 3),
            "stations": given.stations,
            "events_per_s": round(moving["told"] / given.seconds),
            "frame_ms_p50": round(statistics.median(gaps), 1),
            "frame_ms_p99": round(gaps[int(len(gaps) * 0.99)], 1),
            "frame_ms_at_rest": round(still, 1),
            "dropped_frames_percent": round(100 * (1 - len(gaps) * still / sum(gaps)), 1),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
