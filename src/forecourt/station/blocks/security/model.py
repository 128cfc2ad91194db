"""Security events."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

TOLD: Final = frozenset(
    {
        "DiscardedRenewedClientCertificate",
        "FirmwareUpdated",
        "InvalidChargingStationCertificate",
        "InvalidCsmsCertificate",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "InvalidTLSCipherSuite",
        "InvalidTLSVersion",
        "MemoryExhaustion",
        "ReconfigurationOfSecurityParameters",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "TamperDetectionActivated",
    }
)
"""The events that are critical in 2.1 (Part 2, appendix 1), and that the security parameters were changed."""


class SecurityEvent(msgspec.Struct, frozen=True, kw_only=True):
    """SecurityEventNotification; `kind` is a word of the list of security events (Part 2, appendix 1)."""

    kind: str
    at: datetime
    detail: str | None = None
