"""What a station can be asked to do about its settings and itself, in the words of 2.1."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from forecourt.csms.blocks.provisioning.model import KEYS_COMPONENT, MAX_VALUE_LENGTH, Component, Given, Name, Variable
from forecourt.csms.stations.commands import Command, EvseNumber
from forecourt.errors import Invalid

_PASSWORDS: Final = frozenset({("securityctrlr", "basicauthpassword"), (KEYS_COMPONENT.casefold(), "authorizationkey")})


class ResetKind(StrEnum):
    """When a reset happens and what becomes of transactions (B11, B12, B13)."""

    IMMEDIATE = "Immediate"
    ON_IDLE = "OnIdle"
    IMMEDIATE_AND_RESUME = "ImmediateAndResume"


@dataclass(frozen=True, slots=True)
class Reset(Command):
    """Restart the station, or one EVSE of it."""

    type: ResetKind = ResetKind.ON_IDLE
    evse_id: EvseNumber | None = None


@dataclass(frozen=True, slots=True)
class GetVariables(Command):
    """Read values; what is learned is kept."""

    variables: tuple[Name, ...]

    def __post_init__(self) -> None:
        if not self.variables:
            raise Invalid("variables_none", "name at least one variable", {"variables": "none"})


@dataclass(frozen=True, slots=True)
class SetVariables(Command):
    """Set values."""

    values: tuple[Given, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise Invalid("values_none", "give at least one value", {"values": "none"})
        for number, given in enumerate(self.values):
            field = f"values[{number}]"
            if len(given.value) > MAX_VALUE_LENGTH:
                raise Invalid("value_length", f"a value has at most {MAX_VALUE_LENGTH} characters", {field: "too long"})
            if (given.component.name.casefold(), given.variable.name.casefold()) in _PASSWORDS:
                message = "the station's password is changed by RotatePassword, or the station could not come back"
                raise Invalid("value_is_password", message, {field: message})


class Inventory(StrEnum):
    """What a report covers (B07)."""

    FULL = "FullInventory"
    CONFIGURATION = "ConfigurationInventory"
    SUMMARY = "SummaryInventory"


class Criterion(StrEnum):
    """Which components a report covers (B08)."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


@dataclass(frozen=True, slots=True)
class Wish:
    """A component, or one variable of it, that a report is to cover."""

    component: Component
    variable: Variable | None = None


@dataclass(frozen=True, slots=True)
class RequestReport(Command):
    """Have the station report variables: a base, or those that meet criteria or are named."""

    base: Inventory | None = None
    criteria: tuple[Criterion, ...] = ()
    variables: tuple[Wish, ...] = ()

    def __post_init__(self) -> None:
        custom = bool(self.criteria or self.variables)
        if custom is (self.base is not None):
            message = "a report has a base, or criteria and variables"
            raise Invalid("report_of_what", message, {"base": message})


class Apn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Access to a mobile network."""

    apn: str
    authentication: str = msgspec.field(name="apnAuthentication")
    user_name: str = msgspec.field(default="", name="apnUserName")
    password: str = msgspec.field(default="", name="apnPassword")
    sim_pin: int | None = None
    preferred_network: str = ""
    use_only_preferred_network: bool = False


class Vpn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A virtual private network."""

    server: str
    user: str
    password: str
    key: str
    type: str
    group: str = ""


class NetworkProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a station reaches a management system. Named in camel case where it is kept, so that redaction finds secrets.

    An empty `ocpp_version` means the version it speaks now. `interface` is Wired0 to Wireless3, or Any in 2.1.
    """

    csms_url: str
    interface: str
    security_profile: Annotated[int, Meta(ge=0, le=3)]
    message_timeout_s: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 30
    ocpp_version: str = ""
    identity: str = ""
    basic_auth_password: str = ""
    apn: Apn | None = None
    vpn: Vpn | None = None


@dataclass(frozen=True, slots=True)
class SetNetworkProfile(Command):
    """Store a way to reach a management system in one of the station's slots (B09)."""

    slot: Annotated[int, Meta(ge=0, le=2**31 - 1, description="the slot it is stored in")]
    profile: NetworkProfile


@dataclass(frozen=True, slots=True)
class RequestBoot(Command):
    """Have a station that waits for its acceptance ask again now (B02.FR.04)."""
