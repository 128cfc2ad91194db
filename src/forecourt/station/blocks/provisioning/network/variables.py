"""The slots of network profiles as variables: NetworkConfiguration of 2.1 (B09.FR.08 to 35)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from forecourt.charging.topology import Place
from forecourt.station.blocks.provisioning.network.actions import in_slot, keep, lower, slots_of
from forecourt.station.blocks.provisioning.network.model import SLOTS, Profile
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import Refusal
from forecourt.transport.dial import Target


def _whole(value: str) -> int:
    """A number that has been found right, however it is written."""
    return int(Decimal(value))


_READ: Final[Mapping[str, Callable[[Profile], str]]] = MappingProxyType(
    {
        "Identity": lambda profile: profile.identity or "",
        "MessageTimeout": lambda profile: str(profile.message_timeout_s or 30),
        "OcppCsmsUrl": lambda profile: profile.url or "",
        "OcppInterface": lambda profile: profile.interface,
        "OcppTransport": lambda profile: "JSON",
        "OcppVersion": lambda profile: profile.version,
        "SecurityProfile": lambda profile: str(profile.security_profile),
    }
)

_WRITE: Final[Mapping[str, Callable[[Profile, str], Profile]]] = MappingProxyType(
    {
        "BasicAuthPassword": lambda profile, value: msgspec.structs.replace(profile, password=value),
        "Identity": lambda profile, value: msgspec.structs.replace(profile, identity=value or None),
        "MessageTimeout": lambda profile, value: msgspec.structs.replace(profile, message_timeout_s=_whole(value)),
        "OcppCsmsUrl": lambda profile, value: msgspec.structs.replace(profile, url=value),
        "OcppInterface": lambda profile, value: msgspec.structs.replace(profile, interface=value),
        "OcppTransport": lambda profile, value: profile,
        "OcppVersion": lambda profile, value: msgspec.structs.replace(profile, version=value),
        "SecurityProfile": lambda profile, value: msgspec.structs.replace(profile, security_profile=_whole(value)),
    }
)


def _name(slot: int, variable: str) -> Name:
    return Name(f"NetworkConfiguration[{slot}]", variable)


def _reader(slot: int, read: Callable[[Profile], str]) -> Callable[[Station, Place], str]:
    return lambda station, place: read(in_slot(station, slot))


def _writer(slot: int, write: Callable[[Profile, str], Profile]) -> Callable[[Station, str], None]:
    return lambda station, value: keep(station, slot, write(in_slot(station, slot), value))


def _checker(slot: int, variable: str) -> Callable[[Station, str], Refusal | None]:
    def check(station: Station, value: str) -> Refusal | None:
        if slot in slots_of(station):
            return Refusal("PriorityNetworkConf", f"slot {slot} is in use")  # B09.FR.22
        if variable == "SecurityProfile" and lower(station, _whole(value)):
            return Refusal("NoSecurityDowngrade", "less secure")  # B09.FR.32, 35
        if variable == "OcppCsmsUrl" and not _is_url(value):
            return Refusal("InvalidNetworkConf", "no URL of a WebSocket")
        return None

    return check


def _is_url(value: str) -> bool:
    try:
        Target.of(value)
    except ValueError:
        return False
    return True


def _each(variables: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    return ((slot, variable) for slot in SLOTS for variable in variables)


COMPUTED: Final = {_name(slot, variable): _reader(slot, _READ[variable]) for slot, variable in _each(_READ)}
STORES: Final = {_name(slot, variable): _writer(slot, _WRITE[variable]) for slot, variable in _each(_WRITE)}
CHECKS: Final = {_name(slot, variable): _checker(slot, variable) for slot, variable in _each(_WRITE)}
