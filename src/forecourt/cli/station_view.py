"""The live view of one station in a terminal, and its keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from forecourt.cli.typed import typed_keys
from forecourt.clock import SYSTEM
from forecourt.station.disturbed import Impossible
from forecourt.station.workbench.doings import Doing, Fault, Mend, Network, Plug, Power, Swipe, Unplug, spoken
from forecourt.station.workbench.workbench import EvseState, StationState, Workbench

_RENEWED_S: Final = 0.5
_FIXED_LINES: Final = 8
_ENTER, _BACKSPACE, _ESCAPE = "\r\n", "\x7f\b", "\x1b"
KEYS: Final = "1-9 EVSE   p plug   s swipe   f fault   n network   x power   : command   q quit"


class View:
    """What is shown, and which key does what. `selected` is the EVSE that keys concern."""

    def __init__(self, bench: Workbench, url: str, card: str, over: asyncio.Event) -> None:
        self._bench: Final = bench
        self._url: Final = url
        self._card: Final = card
        self._over: Final = over
        self._typing: str | None = None
        self._said = ""
        self.selected = 1

    def press(self, key: str) -> None:
        """A key is pressed."""
        if self._typing is not None:
            self._type(key)
        elif key == "q":
            self._over.set()
        elif key == ":":
            self._typing = ""
        elif key.isdigit() and 1 <= int(key) <= len(self._bench.build.evses):
            self.selected = int(key)
        else:
            doing = self._meant(key)
            if doing is not None:
                self._do(doing)

    def rendered(self, height: int) -> RenderableType:
        """All of it, in so many lines."""
        state = self._bench.state()
        room = max(3, height - _FIXED_LINES - len(state.evses))
        news = [
            Text(f"{record.at:%H:%M:%S} {record.line()}", no_wrap=True, overflow="ellipsis")
            for record in self._bench.records
        ]
        below = KEYS if self._typing is None else f":{self._typing}_"
        return Group(
            self._head(state), Text(""), self._evses(state), Text(""), *news[-room:], Text(""), Text(self._said, style="yellow"),
            Text(below, style="bold"),
        )  # fmt: skip

    def _type(self, key: str) -> None:
        typed = self._typing or ""
        if key in _ENTER:
            self._typing = None
            try:
                self._do(spoken(typed))
            except Impossible as error:
                self._said = str(error)
        elif key in _ESCAPE:
            self._typing = None
        elif key in _BACKSPACE:
            self._typing = typed[:-1]
        else:
            self._typing = typed + key

    def _meant(self, key: str) -> Doing | None:
        state = self._bench.state()
        evse = state.evses[self.selected - 1]
        match key:
            case "p":
                return Unplug(evse=self.selected) if evse.plugged else Plug(evse=self.selected)
            case "s":
                return Swipe(token=self._card, evse=self.selected)
            case "f":
                return Fault(evse=self.selected) if evse.fault is None else Mend(evse=self.selected)
            case "n":
                return Network(to="off" if state.network else "on")
            case "x":
                return Power(to="off" if state.powered else "on")
        return None

    def _do(self, doing: Doing) -> None:
        self._said = ""
        try:
            self._bench.do(doing)
        except Impossible as error:
            self._said = str(error)

    def _head(self, state: StationState) -> RenderableType:
        if not state.powered:
            how = "no power"
        elif not state.network:
            how = "no network"
        elif state.connected:
            how = f"connected, OCPP {state.version}, {state.registration or 'not booted'}"
        else:
            how = "not connected"
        waiting = f", {state.waiting} waiting" if state.waiting else ""
        return Text(f"{state.identity} at {self._url}: {how}{waiting}", style="bold")

    def _evses(self, state: StationState) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for title in ("", "EVSE", "cable", "state", "power", "energy", "battery", "token", "transaction"):
            table.add_column(title)
        for evse in state.evses:
            table.add_row(">" if evse.evse == self.selected else "", str(evse.evse), *_row(evse))
        return table


def _row(evse: EvseState) -> tuple[str, ...]:
    soc = "" if evse.soc_percent is None else f"{evse.soc_percent:.0f} %"
    state = evse.fault or (evse.state if evse.operative or not evse.state else "out of service")
    return (
        "in" if evse.plugged else "",
        state,
        f"{evse.power_w / 1000:.1f} kW",
        f"{evse.import_wh / 1000:.2f} kWh",
        soc,
        evse.token or "",
        evse.transaction or "",
    )


@asynccontextmanager
async def shown(
    bench: Workbench, url: str, card: str, console: Console, over: asyncio.Event
) -> AsyncGenerator[None, None]:
    """Show the station and obey keys until the block is left."""
    view, news = View(bench, url, card, over), asyncio.Event()
    with Live(console=console, auto_refresh=False, screen=True) as live:

        def press(key: str) -> None:
            view.press(key)
            news.set()

        async def renew() -> None:
            while True:
                news.clear()
                live.update(view.rendered(console.height), refresh=True)
                try:
                    async with SYSTEM.timeout(_RENEWED_S):
                        await news.wait()
                except TimeoutError:
                    continue

        stop = bench.follow(lambda record: news.set())
        with typed_keys(press):
            async with asyncio.TaskGroup() as group:
                renewing = group.create_task(renew())
                try:
                    yield
                finally:
                    renewing.cancel()
                    stop()
