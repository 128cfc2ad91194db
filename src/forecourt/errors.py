"""What can go wrong above the protocol, each error with what its renderer needs.

    Exception
    ├── DomainError        the request cannot be met: `code`, `fields`, `http_status`
    │   ├── NotFound       404  what was asked for does not exist, or not for this asker
    │   ├── NotAllowed     403  the asker may not do this
    │   ├── Conflict       409  it contradicts what is already so
    │   └── Invalid        422  a value makes no sense, whoever asks and whenever
    └── StationError       the station did not do what it was asked
        ├── Offline        it is not connected; nothing was sent
        ├── NoAnswer       it was asked and did not answer in time; whether it acted is unknown
        ├── Refused        it answered that it will not: `reason` in the words of the specification
        └── AnsweredError  it answered with an error frame: `code` of the wire

Errors of the protocol itself are in `forecourt.ocpp.errors`. A refusal that the specification or the business has a
word for is a value, not one of these: they say that the caller or the world is wrong. Only the gateway and the API
render them; nobody else catches them to do so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Self

NOTHING_NAMED: Mapping[str, str] = MappingProxyType({})


class Flaw(str):
    """What is wrong with a field in words for people, with a stable `code` for programs, as the code of the whole error.

    `bound` is the number that the value passed, where it was one (`at least 3`).
    """

    __slots__ = ("bound", "code")
    bound: float | None
    code: str

    def __new__(cls, message: str, code: str, bound: float | None = None) -> Self:
        flaw = super().__new__(cls, message)
        flaw.code, flaw.bound = code, bound
        return flaw


class DomainError(Exception):
    """Base of everything a caller of ours can be told in problem+json.

    `code` is stable and for programs (`token_blocked`), the message is for people, `fields` says of each offending
    field (by its path, `limits.energyWh`) what is wrong with it: a `Flaw` where that is not just what `code` says.
    """

    http_status: ClassVar[int] = 400

    def __init__(self, code: str, message: str, fields: Mapping[str, str] = NOTHING_NAMED) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = MappingProxyType(dict(fields))


class NotFound(DomainError):
    """What was asked for does not exist, or the asker may not know that it does."""

    http_status = 404


class NotAllowed(DomainError):
    """The asker is known and may not do this."""

    http_status = 403


class Conflict(DomainError):
    """The request contradicts the present state; it may be right later."""

    http_status = 409


class Invalid(DomainError):
    """A value is wrong in itself; asking again will not help."""

    http_status = 422


class StationError(Exception):
    """Base of the ways in which a station does not do what it was asked. `wire_id` is the station's own name."""

    def __init__(self, wire_id: str, what: str) -> None:
        super().__init__(f"{wire_id}: {what}")
        self.wire_id = wire_id


class Offline(StationError):
    """The station is not connected; nothing was sent."""

    def __init__(self, wire_id: str) -> None:
        super().__init__(wire_id, "not connected")


class NoAnswer(StationError):
    """The station did not answer within `waited_s` seconds. It may have acted all the same."""

    def __init__(self, wire_id: str, waited_s: float) -> None:
        super().__init__(wire_id, f"no answer within {waited_s:g} s")
        self.waited_s = waited_s


class Refused(StationError):
    """The station answered that it will not; `reason` is its own word for it (`Rejected`, `NotSupported`)."""

    def __init__(self, wire_id: str, reason: str) -> None:
        super().__init__(wire_id, f"refused: {reason}")
        self.reason = reason


class AnsweredError(StationError):
    """The station answered with an error frame (CALLERROR, SOAP fault); `code` is the wire code."""

    def __init__(self, wire_id: str, code: str, description: str = "") -> None:
        super().__init__(wire_id, f"answered {code}" + (f": {description}" if description else ""))
        self.code = code
        self.description = description
