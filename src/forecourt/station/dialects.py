"""What a station hears and says in each version: the tables of all blocks put together, and checked to leave no gap.

A block's dialect file ends with two tables,

    HEARS = {v16.Reset: on_reset}                             a request type -> its handler
    SAYS = {Beat: Said(v16.Heartbeat, say_beat, heard_beat)}  what the block wants said -> how

A handler is `(station, request) -> response` and never waits; what follows from the answer is done by `station.later`,
after the answer has left. A sayer makes the request, or None where this version has nothing to say; `heard` is given the
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version
from forecourt.station.device_model.table import Name

Handler: TypeAlias = Callable[..., Message]
Sayer: TypeAlias = Callable[..., "Message | None"]
Listener: TypeAlias = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Said:
    """`heard(station, notice, response)` turns the answer into our words and acts on it; None where nothing is in it."""

    message: type[Message]
    say: Sayer
    heard: Callable[..., object] | None = None


Vendors: TypeAlias = Mapping[tuple[str, str], Callable[..., str]]
"""A vendor message -> its handler, `(station, data) -> data of the answer`; ValueError for data that it is not."""
Hears: TypeAlias = Mapping[type[Message], Handler]
Says: TypeAlias = Mapping[type[Any], Said]


class Gap(Exception):
    """The tables of the blocks contradict each other or leave a message out. A defect of the program, found at start."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version as a station speaks it. `defaults` are variables that, unless set, are something else in it than in the table,
    `vendors` what comes in DataTransfer."""

    version: Version
    hears: Hears
    says: Says
    defaults: Mapping[Name, str]
    vendors: Vendors


def assemble(
    version: Version,
    hears: Iterable[Hears],
    says: Iterable[Says],
    defaults: Mapping[Name, str] | None = None,
    vendors: Vendors | None = None,
) -> Dialect:
    """Join the tables of all blocks for one version. Raises Gap."""
    heard: dict[type[Message], Handler] = {}
    for table in hears:
        for request, handler in table.items():
            if request in heard:
                raise Gap(f"{request.__name__} is heard twice")
            heard[request] = handler
    said: dict[type[Any], Said] = {}
    for words in says:
        for notice, how in words.items():
            if notice in said:
                raise Gap(f"{notice.__name__} is said twice")
            said[notice] = how
    for action in version.actions.values():
        if action.from_csms and action.request not in heard:
            raise Gap(f"nobody hears {action.name} of OCPP {version.name}")
    known = {action.request for action in version.actions.values()}
    return Dialect(
        version,
        MappingProxyType({request: handler for request, handler in heard.items() if request in known}),
        MappingProxyType(said),
        MappingProxyType(dict(defaults or {})),
        MappingProxyType(dict(vendors or {})),
    )
