"""What is heard and said in each version: the tables of all blocks put together, and checked to leave no gap.

A block's dialect file ends with two tables,

    HEARS = {v16.StartTransaction: on_start_transaction}      a request type -> its handler, or Later(block)
    SAYS = {StopCharging: Said((v16.RemoteStopTransaction,), say_stop)}

and `assemble` refuses two handlers for one message, and a message of the version that nobody hears or says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from forecourt.csms.stations.commands import Command, Outcome
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version

Handler: TypeAlias = Callable[..., Awaitable[Message]]
"""`async (link, work, request) -> response`. It neither commits nor replies: the gateway does both, in that order."""

Sayer: TypeAlias = Callable[..., Awaitable[Outcome]]
"""`async (link, command) -> Outcome`. Raises StationError when the station did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Later:
    """A message whose feature is not built yet. `refusal` is the specification's honest answer to it; `block` will build it."""

    block: str
    refusal: Callable[[Any], Message] | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """How a command is said: by which wire messages and by whom."""

    messages: tuple[type[Message], ...]
    say: Sayer


Hears: TypeAlias = Mapping[type[Message], Handler | Later]
Says: TypeAlias = Mapping[type[Command], Said]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version as the gateway uses it. `capabilities` are the commands a station of this version can be given."""

    version: Version
    hears: Mapping[type[Message], Handler | Later]
    says: Mapping[type[Command], Said]

    @property
    def capabilities(self) -> frozenset[str]:
        """The kinds of command this version has words for."""
        return frozenset(command.kind for command in self.says)


class Gap(Exception):
    """The tables of the blocks contradict each other or leave a message out. A defect of the program, found at start."""


def assemble(version: Version, hears: Iterable[Hears], says: Iterable[Says], unsaid: Mapping[str, str]) -> Dialect:
    """Join the tables of all blocks for one version. `unsaid` gives the reason for each action that nobody says yet.

    Raises Gap.
    """
    heard: dict[type[Message], Handler | Later] = {}
    for table in hears:
        for request, handler in table.items():
            if request in heard:
                raise Gap(f"{request.__name__} is heard twice")
            heard[request] = handler
    said: dict[type[Command], Said] = {}
    for words in says:
        for command, how in words.items():
            if command in said:
                raise Gap(f"{command.__name__} is said twice")
            said[command] = how
    spoken = {message for how in said.values() for message in how.messages}
    for action in version.actions.values():
        if action.from_station and action.request not in heard:
            raise Gap(f"nobody hears {action.name} of OCPP {version.name}")
        if action.from_csms and (action.request in spoken) is (action.name in unsaid):
            raise Gap(f"{action.name} of OCPP {version.name} must be said by a block or listed with a reason, not both")
    known = {action.request for action in version.actions.values()}
    return Dialect(
        version,
        MappingProxyType({request: handler for request, handler in heard.items() if request in known}),
        MappingProxyType({command: how for command, how in said.items() if known.issuperset(how.messages)}),
    )
