"""The life of one virtual station, in no version's words: drivers come and go, and what happened is told when there is a line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from forecourt.cli.demo_stations.memory import OpenSession, Remembered, keep, recall
from forecourt.cli.demo_stations.model import (
    Begun,
    Ended,
    Ending,
    Fact,
    Make,
    Metered,
    Outlet,
    Session,
    Shown,
    State,
    any_car,
    sample_of,
)
from forecourt.clock import Clock
from forecourt.transport import (
    AnsweredError,
    CallFailed,
    Handlers,
    HandshakeFailed,
    NoAnswer,
    Peer,
    UnusableAnswer,
    WebSocketPeer,
)

_log = logging.getLogger(__name__)

ACCEPTED: Final = "Accepted"
_TRIES: Final = 3
_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Booted:
    """What the management system says to a boot."""

    status: str
    interval_s: int


class Words(Protocol):
    """How a station says things in its version, and hears them."""

    @property
    def handlers(self) -> Handlers:
        """What is answered to the management system, by its request."""

    async def boot(self, csms: Peer) -> Booted:
        """Announce the station."""

    async def ask(self, csms: Peer, card: str) -> bool:
        """Ask whether a card may charge."""

    async def tell(self, csms: Peer, fact: Fact) -> bool:
        """Tell a fact. Returns whether charging may go on."""

    async def beat(self, csms: Peer) -> None:
        """Say that the station is alive."""


@dataclass(frozen=True, slots=True)
class Wish:
    """That somebody wants to charge without a card in hand."""

    card: str
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take. The demo is patient; a test is not."""

    first_s: tuple[float, float] = (1.0, 15.0)
    idle_s: tuple[float, float] = (15.0, 90.0)
    short_s: tuple[float, float] = (2.0, 6.0)
    stay_s: tuple[float, float] = (120.0, 480.0)
    sample_s: float = 10.0
    fault_s: tuple[float, float] = (20.0, 60.0)
    connected_s: tuple[float, float] = (90.0, 180.0)
    away_s: tuple[float, float] = (20.0, 45.0)
    reconnect_s: float = 3.0
    heartbeat_s: float = 60.0
    fault_chance: float = 0.04
    stranger_chance: float = 0.06


class Station:
    """One virtual station. `connect` opens a line to the management system."""

    def __init__(
        self,
        make: Make,
        connect: Callable[[Handlers], AbstractAsyncContextManager[Peer]],
        words_of: Callable[[Station], Words],
        *,
        clock: Clock,
        dice: random.Random,
        pace: Pace,
        cards: Sequence[str],
        strangers: Sequence[str],
        memory: Path,
    ) -> None:
        self.make = make
        self.clock = clock
        self.pace = pace
        self._connect = connect
        self._dice = dice
        self._cards = cards
        self._strangers = strangers
        self._memory = memory
        self._open: dict[str, Session] = {}
        """Sessions whose end is not told yet."""
        remembered = recall(memory)
        self.outlets = [
            Outlet(number=number, register_wh=remembered.registers_wh.get(number, self._dice.uniform(50_000, 900_000)))
            for number in range(1, make.outlets + 1)
        ]
        self.words = words_of(self)
        self._facts: deque[Fact] = deque()
        self._woken = asyncio.Event()
        self._csms: Peer | None = None
        self._wishes: dict[int, Wish] = {}
        self._called = {outlet.number: asyncio.Event() for outlet in self.outlets}
        self._line_is_cut = False
        self._restart = False
        self._first_comes_soon = {outlet.number for outlet in self.outlets}
        for one in remembered.open:
            self._end_by_power_loss(one)

    async def run(self) -> None:
        """Live until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_connected())
                if self.make.flaps:
                    group.create_task(self._cut_the_line_now_and_then())
                for outlet in self.outlets:
                    group.create_task(self._serve(outlet))
        finally:
            self._keep()

    # What handlers may do.

    @property
    def has_facts(self) -> bool:
        """Whether something about sessions is not told yet."""
        return any(not isinstance(fact, Shown) for fact in self._facts)

    def outlet(self, number: int) -> Outlet | None:
        """An outlet by number."""
        return next((outlet for outlet in self.outlets if outlet.number == number), None)

    def wish(self, number: int | None, wish: Wish) -> Outlet | None:
        """Have somebody who is here charge at an outlet, or at any. Returns where, None if there is no room."""
        for outlet in self.outlets:
            if number in (None, outlet.number) and self._is_free(outlet):
                self._wishes[outlet.number] = wish
                self._called[outlet.number].set()
                return outlet
        return None

    def stop(self, outlet: Outlet, ending: Ending) -> bool:
        """Have the session at an outlet end. Returns whether there is one."""
        if outlet.session is None:
            return False
        outlet.stop = ending
        self._called[outlet.number].set()
        return True

    def set_operative(self, outlet: Outlet, operative: bool) -> bool:
        """Let an outlet be used or not. Returns whether that is so now; otherwise it will be when the session has ended."""
        outlet.operative = operative
        if outlet.session is not None:
            return False
        if outlet.state in (State.AVAILABLE, State.UNAVAILABLE):
            self._show(outlet, State.AVAILABLE if operative else State.UNAVAILABLE)
        return True

    @property
    def waits_for_approval(self) -> bool:
        """Whether it is connected and was not accepted yet."""
        return self._csms is None

    def boot_now(self) -> None:
        """Ask for approval again, without waiting until it is time to."""
        self._woken.set()

    def show_again(self) -> None:
        """Tell all states anew."""
        for outlet in self.outlets:
            self._say(Shown(at=self.clock.now(), outlet=outlet.number, state=outlet.state))

    def restart(self) -> None:
        """Sessions end, the line is cut, and the station boots again."""
        for outlet in self.outlets:
            self.stop(outlet, Ending.REMOTE)
        self._restart = True
        self._woken.set()

    # The line.

    async def _keep_connected(self) -> None:
        while True:
            if not self._line_is_cut:
                try:
                    async with self._connect(self.words.handlers) as csms:
                        await self._converse(csms)
                except (OSError, TimeoutError, HandshakeFailed, CallFailed) as error:
                    _log.debug("%s: %s", self.make.identity, error)
                finally:
                    self._csms = None
            await self._pause(self.pace.reconnect_s, self.pace.reconnect_s)

    async def _converse(self, csms: Peer) -> None:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._notice_the_end(csms))
            try:
                if not await self._boot(csms):
                    return
                self._csms = csms
                self._facts = deque(fact for fact in self._facts if not isinstance(fact, Shown))
                self.show_again()
                while not (self._line_is_cut or self._restart or watching.done()):
                    self._woken.clear()
                    await self._tell_all(csms)
                    if not await self._woken_within(self.pace.heartbeat_s):
                        await self.words.beat(csms)
                self._restart = False
            finally:
                watching.cancel()

    async def _notice_the_end(self, csms: Peer) -> None:
        if isinstance(csms, WebSocketPeer):
            await csms.wait_closed()
            self._woken.set()
        else:
            await asyncio.Event().wait()

    async def _boot(self, csms: Peer) -> bool:
        while True:
            booted = await self.words.boot(csms)
            if booted.status == ACCEPTED:
                return True
            self._woken.clear()
            await self._woken_within(max(1.0, min(booted.interval_s, self.pace.heartbeat_s)))
            if isinstance(csms, WebSocketPeer) and not csms.is_connected:
                return False

    async def _woken_within(self, seconds: float) -> bool:
        try:
            async with self.clock.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return False
        return True

    async def _tell_all(self, csms: Peer) -> None:
        tries = 0
        while self._facts:
            fact = self._facts[0]
            try:
                may_go_on = await self.words.tell(csms, fact)
            except NoAnswer:
                tries += 1
                if tries < _TRIES:
                    continue
                may_go_on = True
            except (AnsweredError, UnusableAnswer) as error:
                _log.warning("%s could not tell %r: %s", self.make.identity, fact, error)
                may_go_on = True
            tries = 0
            self._facts.popleft()
            if isinstance(fact, Ended):
                self._open.pop(fact.session.id, None)
                self._keep()
            elif not isinstance(fact, Shown) and not may_go_on:
                outlet = self.outlets[fact.session.outlet - 1]
                if outlet.session is fact.session:
                    self.stop(outlet, Ending.REFUSED)

    def _say(self, fact: Fact) -> None:
        self._facts.append(fact)
        self._woken.set()

    async def _cut_the_line_now_and_then(self) -> None:
        while True:
            await self._pause(*self.pace.connected_s)
            self._line_is_cut = True
            self._woken.set()
            await self._pause(*self.pace.away_s)
            self._line_is_cut = False

    # The drivers.

    async def _serve(self, outlet: Outlet) -> None:
        while True:
            wish = await self._wait_for_somebody(outlet)
            if not self._is_free(outlet):
                continue
            if wish is None and self._dice.random() < self.pace.fault_chance:
                self._show(outlet, State.FAULTED)
                await self._pause(*self.pace.fault_s)
                self._show(outlet, State.AVAILABLE if outlet.operative else State.UNAVAILABLE)
                continue
            self._show(outlet, State.PLUGGED)
            await self._pause(*self.pace.short_s)
            card = wish.card if wish is not None else self._any_card()
            if await self._may_charge(card):
                await self._charge(outlet, card, wish)
                self._show(outlet, State.FINISHING)
            await self._pause(*self.pace.short_s)
            self._show(outlet, State.AVAILABLE if outlet.operative else State.UNAVAILABLE)

    async def _wait_for_somebody(self, outlet: Outlet) -> Wish | None:
        called = self._called[outlet.number]
        called.clear()
        if outlet.number not in self._wishes:
            with contextlib.suppress(TimeoutError):
                async with self.clock.timeout(self._dice.uniform(*self._idle_s(outlet))):
                    await called.wait()
        return self._wishes.pop(outlet.number, None)

    def _idle_s(self, outlet: Outlet) -> tuple[float, float]:
        """How long nobody comes; whoever looks at a network that has just started is not to look at nothing."""
        if outlet.number in self._first_comes_soon:
            self._first_comes_soon.discard(outlet.number)
            return self.pace.first_s
        return self.pace.idle_s

    def _any_card(self) -> str:
        stranger = self._strangers and self._dice.random() < self.pace.stranger_chance
        return self._dice.choice(self._strangers if stranger else self._cards)

    async def _may_charge(self, card: str) -> bool:
        if self._csms is None:
            # Without a line it trusts the cards it has seen before.
            return card in self._cards
        try:
            return await self.words.ask(self._csms, card)
        except CallFailed:
            return card in self._cards

    async def _charge(self, outlet: Outlet, card: str, wish: Wish | None) -> None:
        began_at = self.clock.now()
        session = Session(
            # Not of the dice, which fall the same way after every start.
            id=str(uuid.uuid4()),
            outlet=outlet.number,
            card=card,
            began_at=began_at,
            remote_start_id=wish.remote_start_id if wish is not None else None,
        )
        outlet.session, outlet.stop = session, None
        outlet.car = any_car(self._dice, dc=self.make.dc)
        self._open[session.id] = session
        offline = self._csms is None
        sample = sample_of(outlet, dc=self.make.dc)
        self._say(Begun(at=began_at, session=session, sample=sample, seq_no=session.next_seq_no(), offline=offline))
        self._show(outlet, State.CHARGING)
        leaves_at = self.clock.monotonic() + self._dice.uniform(*self.pace.stay_s)
        ending = await self._draw(outlet, session, leaves_at)
        outlet.power_w = 0.0
        self._say(
            Ended(
                at=self.clock.now(),
                session=session,
                sample=sample_of(outlet, dc=self.make.dc),
                seq_no=session.next_seq_no(),
                offline=self._csms is None,
                ending=ending,
            )
        )
        outlet.session = outlet.car = outlet.stop = None
        self._keep()

    async def _draw(self, outlet: Outlet, session: Session, leaves_at: float) -> Ending:
        """Charge until something ends it."""
        called = self._called[outlet.number]
        told_at = self.clock.monotonic()
        while outlet.car is not None:
            called.clear()
            if outlet.stop is not None:
                return outlet.stop
            outlet.power_w = outlet.car.power_w(self.make.max_w) * self._dice.uniform(0.97, 1.0)
            began = self.clock.monotonic()
            with contextlib.suppress(TimeoutError):
                async with self.clock.timeout(self.pace.sample_s):
                    await called.wait()
            passed_s = self.clock.monotonic() - began
            energy_wh = outlet.power_w * passed_s / _HOUR_S
            outlet.register_wh += energy_wh
            outlet.car.take(energy_wh)
            if self.clock.monotonic() - told_at >= self.pace.sample_s:
                told_at = self.clock.monotonic()
                self._say(
                    Metered(
                        at=self.clock.now(),
                        session=session,
                        sample=sample_of(outlet, dc=self.make.dc),
                        seq_no=session.next_seq_no(),
                        offline=self._csms is None,
                    )
                )
                self._keep()
            if outlet.car.percent >= outlet.car.wanted_percent:
                return Ending.CAR_FULL
            if self.clock.monotonic() >= leaves_at:
                return Ending.DRIVER
        return Ending.DRIVER

    def _is_free(self, outlet: Outlet) -> bool:
        return outlet.operative and outlet.session is None and outlet.state is State.AVAILABLE

    def _show(self, outlet: Outlet, state: State) -> None:
        if outlet.state is not state:
            outlet.state = state
            self._say(Shown(at=self.clock.now(), outlet=outlet.number, state=state))

    async def _pause(self, least_s: float, most_s: float) -> None:
        await self.clock.sleep(self._dice.uniform(least_s, most_s))

    # Power loss.

    def _keep(self) -> None:
        now = self.clock.now()
        registers = {outlet.number: outlet.register_wh for outlet in self.outlets}
        sessions = tuple(
            OpenSession(
                id=one.id,
                outlet=one.outlet,
                card=one.card,
                began_at=one.began_at,
                last_at=now,
                seq_no=one.seq_no,
                number=one.number,
                remote_start_id=one.remote_start_id,
            )
            for one in self._open.values()
        )
        keep(self._memory, Remembered(registers_wh=registers, open=sessions))

    def _end_by_power_loss(self, one: OpenSession) -> None:
        outlet = self.outlet(one.outlet)
        if outlet is None:
            return
        session = Session(
            id=one.id,
            outlet=one.outlet,
            card=one.card,
            began_at=one.began_at,
            seq_no=one.seq_no,
            number=one.number,
            remote_start_id=one.remote_start_id,
        )
        self._open[session.id] = session
        self._say(
            Ended(
                at=one.last_at,
                session=session,
                sample=sample_of(outlet, dc=self.make.dc),
                seq_no=session.next_seq_no(),
                offline=True,
                ending=Ending.POWER_LOSS,
            )
        )


@contextlib.asynccontextmanager
async def running(stations: Sequence[Station]) -> AsyncGenerator[None, None]:
    """Have stations live for as long as the block lasts."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(station.run()) for station in stations]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
