"""How files come to a station and leave it. Who implements it knows HTTP or a script; see `http_transfers`, `scripted_transfers`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol


class Outcome(StrEnum):
    """How a transfer ended."""

    DONE = "Done"
    FAILED = "Failed"
    DENIED = "Denied"
    BAD_REQUEST = "BadRequest"
    UNSUPPORTED = "Unsupported"


class Transfer(Protocol):
    """A transfer that is under way."""

    def cancel(self) -> None:
        """Stop it; nothing is told about it any more."""


class Transfers(Protocol):
    """Callbacks are called once, not before the method has returned. `trusted` are CA certificates as PEM text that are
    trusted beside those of the operating system (N01.FR.15, 16); empty text for none."""

    @property
    def protocols(self) -> tuple[str, ...]:
        """FileTransferProtocolEnum words."""

    def upload(
        self, url: str, name: str, content: bytes, done: Callable[[Outcome], object], *, trusted: str = ""
    ) -> Transfer:
        """Put a file where `url` says; under `name` when that ends with a slash (N01.FR.21)."""

    def download(self, url: str, done: Callable[[bytes | Outcome], object], *, trusted: str = "") -> Transfer:
        """Fetch a file. `done` gets what is in it, or an outcome other than DONE."""

    def abort(self) -> None:
        """The station has lost its power: stop everything and tell nothing."""


class NoTransfers:
    """For a station that cannot transfer files. Asking it is a defect: nobody may while `protocols` is empty."""

    __slots__ = ()

    protocols: Final[tuple[str, ...]] = ()

    def upload(
        self, url: str, name: str, content: bytes, done: Callable[[Outcome], object], *, trusted: str = ""
    ) -> Transfer:
        raise RuntimeError("this station transfers no files")

    def download(self, url: str, done: Callable[[bytes | Outcome], object], *, trusted: str = "") -> Transfer:
        raise RuntimeError("this station transfers no files")

    def abort(self) -> None:
        return
