"""The words of security: what kinds of security events there are, and what a station can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from forecourt.csms.stations.commands import Command
from forecourt.csms.store.announced import Event


class Source(StrEnum):
    """Who noticed a security event."""

    STATION = "station"
    CSMS = "csms"


class SecurityEvent(StrEnum):
    """The security events of the specification (part 2, appendix 1). Vendors have others besides."""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    FAILED_TO_AUTHENTICATE_AT_CSMS = "FailedToAuthenticateAtCsms"
    CSMS_FAILED_TO_AUTHENTICATE = "CsmsFailedToAuthenticate"
    SETTING_SYSTEM_TIME = "SettingSystemTime"
    STARTUP_OF_THE_DEVICE = "StartupOfTheDevice"
    RESET_OR_REBOOT = "ResetOrReboot"
    SECURITY_LOG_WAS_CLEARED = "SecurityLogWasCleared"
    RECONFIGURATION_OF_SECURITY_PARAMETERS = "ReconfigurationOfSecurityParameters"
    MEMORY_EXHAUSTION = "MemoryExhaustion"
    INVALID_MESSAGES = "InvalidMessages"
    ATTEMPTED_REPLAY_ATTACKS = "AttemptedReplayAttacks"
    TAMPER_DETECTION_ACTIVATED = "TamperDetectionActivated"
    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    INVALID_FIRMWARE_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    INVALID_CSMS_CERTIFICATE = "InvalidCsmsCertificate"
    INVALID_CHARGING_STATION_CERTIFICATE = "InvalidChargingStationCertificate"
    DISCARDED_RENEWED_CLIENT_CERTIFICATE = "DiscardedRenewedClientCertificate"
    INVALID_TLS_VERSION = "InvalidTLSVersion"
    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"
    MAINTENANCE_LOGIN_ACCEPTED = "MaintenanceLoginAccepted"
    MAINTENANCE_LOGIN_FAILED = "MaintenanceLoginFailed"


NOT_CRITICAL: Final = frozenset(
    {
        SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
        SecurityEvent.CSMS_FAILED_TO_AUTHENTICATE,
        SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS,
        SecurityEvent.INVALID_MESSAGES,
        SecurityEvent.ATTEMPTED_REPLAY_ATTACKS,
    }
)
"""Events that a station need not report at once; all others of the specification it must (A04.FR.01)."""

_EARLIER_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FailedToAuthenticateAtCentralSystem": SecurityEvent.FAILED_TO_AUTHENTICATE_AT_CSMS,
        "CentralSystemFailedToAuthenticate": SecurityEvent.CSMS_FAILED_TO_AUTHENTICATE,
        "InvalidCentralSystemCertificate": SecurityEvent.INVALID_CSMS_CERTIFICATE,
        "InvalidChargePointCertificate": SecurityEvent.INVALID_CHARGING_STATION_CERTIFICATE,
    }
)
"""What events are called in the security whitepaper for 1.6."""

_KNOWN: Final = {event.value: event for event in SecurityEvent}


def kind_of(word: str) -> str:
    """What an event is called here; a vendor's own word is kept as it is."""
    return _EARLIER_WORDS.get(word, word)


def is_critical(kind: str) -> bool | None:
    """Whether an event of that kind is critical; None if the specification does not know it."""
    known = _KNOWN.get(kind)
    return None if known is None else known not in NOT_CRITICAL


@dataclass(frozen=True, slots=True)
class RotatePassword(Command):
    """Give the station a new random password for its connection (A01)."""


class SecurityEventReported(Event, frozen=True, kw_only=True):
    """Something that concerns the security of a station. `wire_type` is the word of whoever noticed it."""

    organisation_id: int
    station_id: int
    type: str
    wire_type: str
    critical: bool | None
    source: str
    station_time: datetime | None
    tech_info: str


class PasswordRotated(Event, frozen=True, kw_only=True):
    """A station has a new password, and its old one is no longer accepted."""

    organisation_id: int
    station_id: int


class PasswordRefused(Event, frozen=True, kw_only=True):
    """A station did not take a new password and keeps its old one. `reason` is its own word."""

    organisation_id: int
    station_id: int
    reason: str


class PasswordGiven(Event, frozen=True, kw_only=True):
    """Somebody has changed on our side what password a station must show."""

    organisation_id: int
    station_id: int
    given_by: str
