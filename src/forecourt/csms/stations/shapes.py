"""What stations look like in the API, and what can be said of them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import ColumnElement

from forecourt.charging.topology import Topology
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.forms import Forms
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.stations.topologies import topology_of
from forecourt.csms.store.work import Store
from forecourt.csms.web.texts import ANY, LINE, WORD
from forecourt.ocpp.versions import Version, VersionName

Identity = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=48,
        pattern=r"^[^:\x00-\x1f\x7f]+$(?!\n)",
        description="what the station calls itself: the last part of the address it connects to",
    ),
]
Name = Annotated[str, Meta(max_length=100, pattern=LINE)]
Profile = Annotated[
    int, Meta(ge=0, le=3, description="the security profile: 1 password, 2 password over TLS, 3 certificate")
]
Password = Annotated[str, Meta(min_length=16, max_length=40, pattern=r"^[\x20-\x7e]*$(?!\n)")]
Version_ = Literal[""] | VersionName
Reference = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Registration = Literal["Accepted", "Pending", "Rejected"]
Certificate = Annotated[
    str, Meta(max_length=64, pattern=LINE, description="what the CN of its certificate says, if not its id")
]
Address = Annotated[str, Meta(max_length=500, pattern=WORD, description="where a SOAP station is called")]


class ConnectorOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A connector and what is known of it. EVSE 0 is the station itself, and an EVSE as a whole has no connector.

    `unknownSince` says from when on it may be otherwise, because the station is not connected. `wantedOperative` is what
    was ordered last.
    """

    evse_id: int
    connector_id: int | None
    kind: str | None
    status: str | None
    wire_status: str | None
    plugged_in: bool | None
    charging: str | None
    error_code: str
    vendor_error_code: str
    info: str
    since: datetime | None
    received_at: datetime | None
    unknown_since: datetime | None
    wanted_operative: bool | None
    pending: bool


class StationOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A charging station, as in lists."""

    id: int
    station_id: str
    organisation_id: int
    site_id: int | None
    name: str
    enabled: bool
    registration: str
    security_profile: int
    certificate_name: str
    assumed_version: str
    soap_enabled: bool
    soap_address: str
    strict: bool | None
    vendor: str
    model: str
    serial_number: str
    firmware_version: str
    version: str
    connected: bool
    connection_changed_at: datetime | None
    last_seen_at: datetime | None
    booted_at: datetime | None
    boot_reason: str
    created_at: datetime
    connectors: list[ConnectorOut]


class StationDetail(StationOut, frozen=True, kw_only=True, rename="camel"):
    """A charging station with what it can do: `capabilities` are the kinds of command its version has words for, null until
    a version is known. `url` is what it connects to."""

    url: str
    boot_details: dict[str, Any]
    capabilities: list[str] | None
    offered_security_profile: int | None
    waiting_commands: int


class StationMade(StationDetail, frozen=True, kw_only=True, rename="camel"):
    """A new station. The password is told here and never again; null where none is needed."""

    password: str | None


class StationBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new station. A password is made up where one is needed and none is given."""

    station_id: Identity
    organisation_id: Reference | None = None
    site_id: Reference | None = None
    name: Name = ""
    registration: Registration = "Accepted"
    security_profile: Profile = 1
    password: Password | None = None
    certificate_name: Certificate = ""
    assumed_version: Version_ = ""
    soap_enabled: bool = False
    soap_address: Address = ""


class StationChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays. A disabled station is sent away and not let in."""

    site_id: Reference | UnsetType | None = UNSET
    name: Name | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    security_profile: Profile | UnsetType = UNSET
    certificate_name: Certificate | UnsetType = UNSET
    assumed_version: Version_ | UnsetType = UNSET
    soap_enabled: bool | UnsetType = UNSET
    soap_address: Address | UnsetType = UNSET
    strict: bool | UnsetType | None = UNSET


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What people have said of a station: what its entity tag goes by, so that a heartbeat spoils nobody's change."""

    values: dict[str, Any]


SETTINGS: Final = (
    "site_id",
    "name",
    "enabled",
    "security_profile",
    "certificate_name",
    "assumed_version",
    "soap_enabled",
    "soap_address",
    "strict",
)

Text = Annotated[str, Meta(max_length=100, pattern=ANY)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationParts:
    """What the routes of stations and commands need beside the request.

    `url_of` makes the address a station connects to, given the host the client has reached us by; `places` shows the
    conditions of its connectors; `in_state` is the condition that a station has a connector in a state.
    """

    store: Store
    stations: Stations
    sending: Sending
    dialects: Mapping[Version, Dialect]
    forms: Forms
    pepper: bytes
    url_of: Callable[[str, str, int], str]
    places: Callable[[Station], list[ConnectorOut]]
    in_state: Callable[[ColumnElement[int], str], ColumnElement[bool]]


def topology_in(row: Mapping[Any, Any]) -> Topology | None:
    """What a station consists of, as it is stored."""
    return None if row["topology"] is None else topology_of(row["topology"])
