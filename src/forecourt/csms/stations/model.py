"""What a station is to the management system, apart from any protocol: identity, credentials, registration, whereabouts.

`Station` is the one mutable thing here: the in-memory record of a station that exists, shared by the gateway, the blocks
and the API of this process. Its durable side is `store`; only `registry` and the blocks' actions change either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeVar

from forecourt.charging.topology import Topology
from forecourt.errors import Invalid

StationKey = NewType("StationKey", int)
"""Our own number of a station."""
OrganisationKey = NewType("OrganisationKey", int)
SiteKey = NewType("SiteKey", int)

Memory = TypeVar("Memory")

MAX_IDENTITY_LENGTH = 48
"""Part 4, 3.1.1."""


class Registration(StrEnum):
    """What a station was last told when it booted. It belongs to the station, not to a connection (DESIGN section 4)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class SecurityProfile(StrEnum):
    """How a station proves who it is (A00). `NONE` is for laboratories and has to be allowed by the deployment."""

    NONE = "0"
    BASIC = "1"
    TLS_BASIC = "2"
    TLS_CERTIFICATE = "3"


@dataclass(slots=True)
class Credentials:
    """What a station must show at the handshake. `password_hmacs` holds the current and, while a rotation runs, the next password.

    `offered_profile` is a higher profile that it was given and may come with from now on. Once it has, that is its profile.
    """

    profile: SecurityProfile = SecurityProfile.BASIC
    password_hmacs: tuple[bytes, ...] = ()
    certificate_name: str = ""
    offered_profile: SecurityProfile | None = None


@dataclass(slots=True, eq=False)
class Station:
    """A station that exists, whether or not it is connected. Compared by identity: there is one object per station and process."""

    key: StationKey
    wire_id: str
    organisation: OrganisationKey
    site: SiteKey | None = None
    enabled: bool = True
    registration: Registration = Registration.PENDING
    credentials: Credentials = field(default_factory=Credentials)
    vendor: str = ""
    model: str = ""
    version_name: str = ""
    soap: bool = False
    soap_address: str = ""
    strict: bool | None = None
    epoch: int = 0
    topology: Topology | None = None
    last_seen_at: datetime | None = None
    name: str = ""
    serial_number: str = ""
    on_renamed: Callable[[], None] | None = None
    """Called when any of its names has changed."""
    _memory: dict[type, object] | None = None

    @property
    def called(self) -> str:
        """All that it is called, by the wire, people and itself, a line each: what searches look in."""
        return f"{self.wire_id}\n{self.name}\n{self.serial_number}"

    def know_as(self, *, name: str | None = None, serial_number: str | None = None) -> None:
        """Take what people, or it itself when it boots, call it now."""
        before = self.name, self.serial_number
        self.name = self.name if name is None else name
        self.serial_number = self.serial_number if serial_number is None else serial_number
        if self.on_renamed is not None and (self.name, self.serial_number) != before:
            self.on_renamed()

    def recall(self, kind: type[Memory]) -> Memory:
        """What a block remembers of this station while the process lives: an instance of its own class, made at first use."""
        if self._memory is None:
            self._memory = {}
        found = self._memory.get(kind)
        if not isinstance(found, kind):
            found = self._memory[kind] = kind()
        return found

    def remembers(self, kind: type) -> bool:
        """Whether a block remembers anything of this station."""
        return self._memory is not None and kind in self._memory

    def forget(self, kind: type) -> None:
        """Drop what a block remembers, so that it reads the database again."""
        if self._memory is not None:
            self._memory.pop(kind, None)


def check_identity(wire_id: str) -> str:
    """`wire_id` if it may be a station's identity: 1 to 48 printable characters, no colon (Part 4, 3.1.1). Raises Invalid."""
    if not 1 <= len(wire_id) <= MAX_IDENTITY_LENGTH:
        raise _bad_identity("station_id_length", f"a station id has 1 to {MAX_IDENTITY_LENGTH} characters")
    if ":" in wire_id or not wire_id.isprintable():
        raise _bad_identity("station_id_characters", "a station id may hold no colon and no control characters")
    return wire_id


def _bad_identity(code: str, message: str) -> Invalid:
    return Invalid(code, message, {"stationId": message})
