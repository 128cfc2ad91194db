"""File transfers without a network, for virtual time: what can be fetched is in a table, what was sent is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forecourt.station.timeline import Timeline
from forecourt.station.transfers import Outcome, Transfer


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a station has uploaded."""

    url: str
    name: str
    content: bytes


class ScriptedTransfers:
    """`files` can be fetched by URL. Outcomes in `failures` come first, one for each transfer; other URLs than http fail."""

    __slots__ = ("_delay_s", "_running", "_timeline", "asked", "failures", "files", "protocols", "sent")

    def __init__(self, timeline: Timeline, *, delay_s: float = 2.0) -> None:
        self._timeline: Final = timeline
        self._delay_s: Final = delay_s
        self.protocols: tuple[str, ...] = ("HTTP", "HTTPS")
        self.files: dict[str, bytes] = {}
        self.failures: list[Outcome] = []
        self.sent: list[Sent] = []
        self.asked: list[str] = []
        self._running: list[Transfer] = []

    def upload(
        self, url: str, name: str, content: bytes, done: Callable[[Outcome], object], *, trusted: str = ""
    ) -> Transfer:
        self.asked.append(url)
        outcome = self._outcome(url)

        def end() -> None:
            if outcome is Outcome.DONE:
                self.sent.append(Sent(url, name, content))
            done(outcome)

        return self._start(end)

    def download(self, url: str, done: Callable[[bytes | Outcome], object], *, trusted: str = "") -> Transfer:
        self.asked.append(url)
        outcome = self._outcome(url)
        found = self.files.get(url, Outcome.FAILED) if outcome is Outcome.DONE else outcome
        return self._start(lambda: done(found))

    def abort(self) -> None:
        for transfer in self._running:
            transfer.cancel()
        self._running.clear()

    def _start(self, end: Callable[[], object]) -> Transfer:
        def ended() -> None:
            self._running.remove(transfer)
            end()

        transfer = self._timeline.after(self._delay_s, ended)
        self._running.append(transfer)
        return transfer

    def _outcome(self, url: str) -> Outcome:
        if not url.startswith(("http://", "https://")):
            return Outcome.UNSUPPORTED
        return self.failures.pop(0) if self.failures else Outcome.DONE
