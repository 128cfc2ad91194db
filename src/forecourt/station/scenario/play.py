"""Playing a scenario: step after step, until one fails."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Final

import httpx2
import msgspec

from forecourt.clock import Clock
from forecourt.station.disturbed import Impossible
from forecourt.station.scenario.matching import is_such, misfit
from forecourt.station.scenario.script import Do, Expect, Never, Repeat, Request, Scenario, State, Step, Wait
from forecourt.station.workbench.records import Record
from forecourt.station.workbench.workbench import Workbench

_SHOWN: Final = 12
"""How many of the last records a failure shows."""
_MOST_TEXT: Final = 500


class Status(StrEnum):
    """What became of a step."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `number` is its place, such as `3` or, in the second round of a repetition, `4.2.1`."""

    number: str
    title: str
    status: Status
    took_s: float = 0.0
    message: str = ""


class _Failed(Exception):
    """What was expected did not come about."""


class Play:
    """One run of a scenario at a workbench whose station is off yet. `told` is given each result as it is known."""

    def __init__(
        self, scenario: Scenario, bench: Workbench, clock: Clock, *, seed: int, told: Callable[[Result], object]
    ) -> None:
        self._scenario: Final = scenario
        self._bench: Final = bench
        self._clock: Final = clock
        self._chance: Final = random.Random(f"{seed} {scenario.name}")  # noqa: S311 - no secrets
        self._told: Final = told
        self._records: Final[list[Record]] = []
        self._news: Final = asyncio.Event()
        self._cursor = 0
        self._broken = False

    async def run(self) -> bool:
        """Switch the station on and take all steps. Returns whether all of them passed."""
        stop = self._bench.follow(self._hear)
        try:
            self._bench.powered.power_on()
            await self._steps(self._scenario.steps, "")
        finally:
            stop()
        return not self._broken

    async def _steps(self, steps: tuple[Step, ...], before: str) -> None:
        for number, step in enumerate(steps, 1):
            await self._take(step, f"{before}{number}")

    async def _take(self, step: Step, number: str) -> None:
        title = step.name or step.title
        if self._broken or (step.chance < 1 and self._chance.random() >= step.chance):
            self._told(Result(number=number, title=title, status=Status.SKIPPED))
            return
        if isinstance(step, Repeat):
            for round_number in range(1, step.repeat + 1):
                await self._steps(step.steps, f"{number}.{round_number}.")
            return
        began = self._clock.monotonic()
        try:
            await self._act(step)
        except (_Failed, Impossible) as failure:
            self._broken = True
            took_s = self._clock.monotonic() - began
            message = f"{failure}{self._recently()}"
            self._told(Result(number=number, title=title, status=Status.FAILED, took_s=took_s, message=message))
        else:
            took_s = self._clock.monotonic() - began
            self._told(Result(number=number, title=title, status=Status.PASSED, took_s=took_s))

    async def _act(self, step: Do | Wait | Expect | Never | State | Request) -> None:
        match step:
            case Do():
                self._cursor = len(self._records)
                self._bench.do(step.doing)
            case Wait():
                bounds = step.wait_s
                await self._clock.sleep(self._chance.uniform(*bounds) if isinstance(bounds, tuple) else bounds)
            case Expect():
                await self._expect(step)
            case Never():
                await self._never(step)
            case State():
                await self._become(step)
            case Request():
                self._cursor = len(self._records)
                await self._request(step)

    async def _expect(self, step: Expect) -> None:
        within_s = self._scenario.timeout_s if step.within_s is None else step.within_s
        looked_at = self._cursor
        async with self._within(within_s, f"it did not come within {within_s:g} s") as more:
            while True:
                for index in range(looked_at, len(self._records)):
                    if self._is(self._records[index], step.expect, step):
                        self._cursor = index + 1
                        return
                looked_at = len(self._records)
                await more()

    async def _never(self, step: Never) -> None:
        looked_at = len(self._records)
        try:
            async with self._clock.timeout(step.for_s):
                while True:
                    for record in self._records[looked_at:]:
                        if self._is(record, step.never, step):
                            raise _Failed(f"it came: {record.line()}")
                    looked_at = len(self._records)
                    await self._more()
        except TimeoutError:
            return

    async def _become(self, step: State) -> None:
        within_s = self._scenario.timeout_s if step.within_s is None else step.within_s
        why: str | None = ""

        def look() -> str | None:
            return misfit(msgspec.to_builtins(self._bench.state()), step.state)

        try:
            async with self._clock.timeout(within_s):
                while (why := look()) is not None:
                    # Power and energy change without anything happening.
                    await self._clock.sleep(min(0.2, within_s))
        except TimeoutError:
            raise _Failed(f"after {within_s:g} s {why}") from None

    async def _request(self, step: Request) -> None:
        method, _, url = step.request.partition(" ")
        within_s = self._scenario.timeout_s if step.within_s is None else step.within_s
        try:
            async with httpx2.AsyncClient(timeout=within_s) as client:
                answer = await client.request(method, url, headers=step.headers, json=step.json)
        except httpx2.HTTPError as error:
            raise _Failed(f"{url}: {error!r}") from None
        if not (answer.is_success if step.status is None else answer.status_code == step.status):
            raise _Failed(f"it was answered with {answer.status_code}: {answer.text[:_MOST_TEXT]}")
        if step.where:
            try:
                found = msgspec.json.decode(answer.content)
            except msgspec.DecodeError:
                raise _Failed(f"the answer is no JSON: {answer.text[:_MOST_TEXT]}") from None
            why = misfit(found, step.where)
            if why is not None:
                raise _Failed(why)

    @asynccontextmanager
    async def _within(self, within_s: float, otherwise: str) -> AsyncGenerator[Callable[[], Any], None]:
        try:
            async with self._clock.timeout(within_s):
                yield self._more
        except TimeoutError:
            raise _Failed(otherwise) from None

    async def _more(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _is(self, record: Record, kind: str, step: Expect | Never) -> bool:
        return is_such(
            record, kind, action=step.action, evse=step.evse, where=step.where, answer=step.answer, text=step.text
        )

    def _hear(self, record: Record) -> None:
        self._records.append(record)
        self._news.set()

    def _recently(self) -> str:
        lines = [f"{record.at:%H:%M:%S.%f} {record.line()}" for record in self._records[-_SHOWN:]]
        return "\n".join(["", "what happened last:", *lines]) if lines else ""
