"""Where the station connects, and how: slots, their order, what follows when one fails (B09, B10, A05)."""

from __future__ import annotations

from typing import Final

import msgspec

from forecourt.charging.topology import Place
from forecourt.station import events
from forecourt.station.blocks.certificates import actions as certificates
from forecourt.station.blocks.certificates.model import Use
from forecourt.station.blocks.provisioning.network.model import (
    PLAIN,
    PROFILES,
    SLOTS,
    TLS_BASIC,
    TLS_CERTIFICATE,
    TRIAL,
    Profile,
    fits,
)
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import Refusal
from forecourt.station.link import Route

ACTIVE: Final = Name("OCPPCommCtrlr", "ActiveNetworkProfile")
PRIORITY: Final = Name("OCPPCommCtrlr", "NetworkConfigurationPriority")
SECURITY_PROFILE: Final = Name("SecurityCtrlr", "SecurityProfile")
_TIMEOUT: Final = Name("OCPPCommCtrlr", "MessageTimeout", "Default")
_PASSWORD: Final = Name("SecurityCtrlr", "BasicAuthPassword")
_IDENTITY: Final = Name("SecurityCtrlr", "Identity")
_KEY: Final = "0"


class Network:
    """The profiles of a station, and how far it is in trying them: `index` in the order of priority."""

    __slots__ = ("connected", "index", "profiles", "trial", "tries")

    def __init__(self, station: Station) -> None:
        self.profiles = {int(slot): profile for slot, profile in station.storage.items(PROFILES)}
        self.trial: int | None = next((trial for _, trial in station.storage.items(TRIAL)), None)
        self.index = 0
        self.tries = 0
        self.connected = False


def route(station: Station) -> Route:
    """What the next attempt to connect is made with."""
    network = station.part(Network)
    profile = _profile(station, _current(station)) or _built_in(station)
    security_profile = profile.security_profile if network.trial is None else network.trial
    password = profile.password or station.model.text(*_PASSWORD) or None
    identity = certificates.own(station) if security_profile == TLS_CERTIFICATE else None
    return Route(
        url=profile.url,
        security_profile=security_profile,
        identity=profile.identity or _own_identity(station),
        password=password,
        roots=certificates.at_stake(station) if security_profile >= TLS_BASIC else "",
        own=None if identity is None else (identity.chain, identity.key),
        wildcards=station.model.flag("SecurityCtrlr", "AllowCSMSTLSWildcards"),
    )


def identity(station: Station, place: Place) -> str:
    """SecurityCtrlr.Identity: what the station is called where it is connected."""
    profile = _profile(station, station.model.integer(*ACTIVE))
    return (None if profile is None else profile.identity) or _own_identity(station)


# What a management system sets.


def set_profile(station: Station, slot: int, profile: Profile) -> tuple[str, str]:
    """B09. Returns SetNetworkProfileStatusEnumType and a reason code. It is used from the next connection on."""
    if slot not in SLOTS:
        return "Rejected", "InvalidConfSlot"  # B09.FR.05
    if lower(station, profile.security_profile):
        return "Rejected", "NoSecurityDowngrade"  # B09.FR.04, 31
    if not fits(profile):
        return "Rejected", "InvalidNetworkConf"
    keep(station, slot, profile)
    return "Accepted", ""


def check_priority(station: Station, value: str) -> Refusal | None:
    """B10.FR.01, 02; A05.FR.02 to 10: why this order cannot be, or None."""
    slots = [int(slot) for slot in value.split(",")] if value else []
    if not slots:
        return Refusal("InvalidNetworkConf", "no slot")
    for slot in slots:
        profile = _profile(station, slot)
        if profile is None:
            return Refusal("InvalidNetworkConf", f"nothing is configured in slot {slot}")
        if lower(station, profile.security_profile):
            return Refusal("NoSecurityDowngrade", f"slot {slot} is less secure")
        missing = _missing(station, profile.security_profile)
        if missing is not None or not fits(profile):
            return Refusal("InvalidNetworkConf", f"slot {slot} needs {missing or 'another URL'}")
    return None


def raise_profile(station: Station, value: str) -> bool:
    """The SecurityProfile of 1.6 (whitepaper, A05). Returns whether the station will connect with it, and does."""
    if value not in ("1", "2", "3"):
        return False
    wanted, current = int(value), station.model.integer(*SECURITY_PROFILE)
    if wanted == current or lower(station, wanted) or _missing(station, wanted) is not None:
        return False  # A05.FR.01, 03, 04
    if wanted <= TLS_BASIC and current == 0 and not station.model.text(*_PASSWORD):
        return False  # A05.FR.02
    network = station.part(Network)
    network.trial, network.tries = wanted, 0
    station.storage.put(TRIAL, _KEY, wanted)
    station.after(1.0, station.reconnect)  # A05.FR.06, 07
    return True


def on_variable(station: Station, event: events.VariableChanged) -> None:
    """B09.FR.26, 27: an identity or password that is set by itself counts, not that of the profile."""
    slot = station.model.integer(*ACTIVE)
    profile = station.part(Network).profiles.get(slot)
    if profile is None:
        return
    if event.name == _PASSWORD and profile.password is not None:
        keep(station, slot, msgspec.structs.replace(profile, password=None))
    elif event.name == _IDENTITY and profile.identity is not None:
        keep(station, slot, msgspec.structs.replace(profile, identity=None))


# What becomes of it.


def on_started(station: Station, event: events.Started) -> None:
    """The security profile is that of the profile which was connected with last, or what the station was built with."""
    profile = _profile(station, station.model.integer(*ACTIVE))
    if profile is not None and profile.security_profile != station.model.integer(*SECURITY_PROFILE):
        station.model.set(SECURITY_PROFILE, str(profile.security_profile))


def on_online(station: Station, event: events.Online) -> None:
    """B10.FR.10: with another profile the station boots again. A05.FR.06: what is less secure is gone from now on."""
    network = station.part(Network)
    network.connected, network.tries = True, 0
    slot = _current(station)
    if network.trial is not None:
        before = _profile(station, slot) or _built_in(station)
        keep(station, slot, msgspec.structs.replace(before, security_profile=network.trial))
        _end_trial(station)
    profile = _profile(station, slot) or _built_in(station)
    if slot != station.model.integer(*ACTIVE):
        station.model.set(ACTIVE, str(slot))
        station.registration = None
    if profile.message_timeout_s is not None and str(profile.message_timeout_s) != station.model.text(*_TIMEOUT):
        station.model.set(_TIMEOUT, str(profile.message_timeout_s))
    if profile.security_profile != station.model.integer(*SECURITY_PROFILE):
        station.model.set(SECURITY_PROFILE, str(profile.security_profile))
        detail = f"security profile {profile.security_profile}"
        station.announce(events.Incident("ReconfigurationOfSecurityParameters", detail))
    _droplower(station)


def failed(station: Station, fault: str | None) -> bool:
    """The connection is lost or did not come about: choose what is tried next. Returns whether that is another profile.

    Where the certificate was at fault, it is the same profile with the root before.
    """
    network, slots = station.part(Network), slots_of(station)
    if network.connected:
        network.connected, network.tries = False, 0
        active = station.model.integer(*ACTIVE)
        network.index = slots.index(active) if active in slots else 0
        return False
    active = station.model.integer(*ACTIVE)
    if fault == "InvalidCsmsCertificate" and _current(station) == active:
        certificates.change_root(station)
    network.tries += 1
    if network.tries < station.model.integer("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"):
        return False  # B10.FR.03
    network.tries = 0
    if network.trial is not None:
        _end_trial(station)  # whitepaper, A05.FR.08
        return True
    network.index = (network.index + 1) % len(slots)
    if len(slots) > 1 and slots[network.index] == active:
        certificates.change_root(station, back=True)
    if network.index == 0:
        certificates.turn_back(station)  # B10.FR.08, A02.FR.28
    return len(slots) > 1


def _end_trial(station: Station) -> None:
    station.part(Network).trial = None
    station.storage.remove(TRIAL, _KEY)


def _droplower(station: Station) -> None:
    network = station.part(Network)
    for slot, profile in list(network.profiles.items()):
        if lower(station, profile.security_profile):
            del network.profiles[slot]
            station.storage.remove(PROFILES, str(slot))
    slots, active = slots_of(station), station.model.integer(*ACTIVE)
    left = [slot for slot in slots if (found := _profile(station, slot)) and not lower(station, found.security_profile)]
    if left != slots:
        station.model.set(PRIORITY, ",".join(str(slot) for slot in left or [active]))
        network.index = left.index(active) if active in left else 0


def lower(station: Station, security_profile: int) -> bool:
    """Whether this would be less secure than may be: only from 3 to 2, and only where that is allowed."""
    current = station.model.integer(*SECURITY_PROFILE)
    allowed = station.model.flag("SecurityCtrlr", "AllowSecurityProfileDowngrade")
    if allowed and (current, security_profile) == (TLS_CERTIFICATE, TLS_BASIC):
        return False
    return security_profile < current


def _missing(station: Station, security_profile: int) -> str | None:
    """A05.FR.02, 03: what the station has not got for a security profile."""
    if security_profile > PLAIN and not certificates.roots(station, Use.CSMS):
        return "a root of the management system"
    if security_profile == TLS_CERTIFICATE and certificates.own(station) is None:
        return "a certificate of the station"
    return None


def slots_of(station: Station) -> list[int]:
    return [int(slot) for slot in station.model.members("OCPPCommCtrlr", "NetworkConfigurationPriority")]


def _current(station: Station) -> int:
    slots, network = slots_of(station), station.part(Network)
    return slots[network.index % len(slots)]


def _profile(station: Station, slot: int) -> Profile | None:
    """What is configured in a slot; None where that is nothing, or not enough."""
    found = in_slot(station, slot)
    return None if found.url == "" else found


def in_slot(station: Station, slot: int) -> Profile:
    """What there is of a slot, however little."""
    found = station.part(Network).profiles.get(slot)
    if found is not None:
        return found
    if slot == SLOTS[0]:
        return _built_in(station)
    return Profile(security_profile=station.model.integer(*SECURITY_PROFILE), url="")


def _own_identity(station: Station) -> str:
    return station.model.text(*_IDENTITY) or station.build.identity


def _built_in(station: Station) -> Profile:
    return Profile(security_profile=station.build.security_profile)


def keep(station: Station, slot: int, profile: Profile) -> None:
    station.part(Network).profiles[slot] = profile
    station.storage.put(PROFILES, str(slot), profile)
