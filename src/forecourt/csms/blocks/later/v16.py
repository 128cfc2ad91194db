"""1.6: what is heard and answered with nothing to promise, and what is not said yet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from forecourt.csms.stations.dialects import Hears, Later
from forecourt.ocpp import v16

HEARS: Final[Hears] = {
    v16.DiagnosticsStatusNotification: Later("diagnostics", lambda call: v16.DiagnosticsStatusNotificationResponse()),
    v16.FirmwareStatusNotification: Later("firmware", lambda call: v16.FirmwareStatusNotificationResponse()),
    v16.LogStatusNotification: Later("diagnostics", lambda call: v16.LogStatusNotificationResponse()),
    v16.SignedFirmwareStatusNotification: Later(
        "firmware", lambda call: v16.SignedFirmwareStatusNotificationResponse()
    ),
}

UNSAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CertificateSigned": "certificates",
        "ClearChargingProfile": "smart_charging",
        "DeleteCertificate": "certificates",
        "GetCompositeSchedule": "smart_charging",
        "GetDiagnostics": "diagnostics",
        "GetInstalledCertificateIds": "certificates",
        "GetLog": "diagnostics",
        "InstallCertificate": "certificates",
        "SetChargingProfile": "smart_charging",
        "SignedUpdateFirmware": "firmware",
        "UpdateFirmware": "firmware",
    }
)
