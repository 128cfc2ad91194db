"""2.0.1 and 2.1: what is heard and answered with nothing to promise, and what is not said yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from forecourt.csms.stations.dialects import Hears, Later
from forecourt.ocpp import v2

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when a certificate status that we do not know may be kept."""

HEARS: Final[Hears] = {
    v2.BatterySwap: Later("battery_swap", lambda call: v2.BatterySwapResponse()),
    v2.ClearedChargingLimit: Later("smart_charging", lambda call: v2.ClearedChargingLimitResponse()),
    v2.ClosePeriodicEventStream: Later("diagnostics", lambda call: v2.ClosePeriodicEventStreamResponse()),
    v2.FirmwareStatusNotification: Later("firmware", lambda call: v2.FirmwareStatusNotificationResponse()),
    v2.Get15118EVCertificate: Later(
        "certificates", lambda call: v2.Get15118EVCertificateResponse(status="Failed", exi_response="")
    ),
    v2.GetCertificateChainStatus: Later(
        "certificates",
        lambda call: v2.GetCertificateChainStatusResponse(
            certificate_status=tuple(
                v2.CertificateStatus(
                    certificate_hash_data=asked.certificate_hash_data,
                    source=asked.source,
                    status="Failed",
                    next_update=_LONG_AGO,
                )
                for asked in call.certificate_status_requests
            )
        ),
    ),
    v2.GetCertificateStatus: Later("certificates", lambda call: v2.GetCertificateStatusResponse(status="Failed")),
    v2.LogStatusNotification: Later("diagnostics", lambda call: v2.LogStatusNotificationResponse()),
    v2.NotifyChargingLimit: Later("smart_charging", lambda call: v2.NotifyChargingLimitResponse()),
    v2.NotifyCustomerInformation: Later("diagnostics", lambda call: v2.NotifyCustomerInformationResponse()),
    v2.NotifyDERAlarm: Later("der_control", lambda call: v2.NotifyDERAlarmResponse()),
    v2.NotifyDERStartStop: Later("der_control", lambda call: v2.NotifyDERStartStopResponse()),
    v2.NotifyDisplayMessages: Later("display", lambda call: v2.NotifyDisplayMessagesResponse()),
    v2.NotifyEVChargingNeeds: Later("smart_charging", lambda call: v2.NotifyEVChargingNeedsResponse(status="Rejected")),
    v2.NotifyEVChargingSchedule: Later(
        "smart_charging", lambda call: v2.NotifyEVChargingScheduleResponse(status="Rejected")
    ),
    v2.NotifyMonitoringReport: Later("diagnostics", lambda call: v2.NotifyMonitoringReportResponse()),
    # A SEND, which is never answered.
    v2.NotifyPeriodicEventStream: Later("diagnostics"),
    v2.NotifyPriorityCharging: Later("smart_charging", lambda call: v2.NotifyPriorityChargingResponse()),
    v2.OpenPeriodicEventStream: Later(
        "diagnostics", lambda call: v2.OpenPeriodicEventStreamResponse(status="Rejected")
    ),
    v2.PublishFirmwareStatusNotification: Later(
        "firmware", lambda call: v2.PublishFirmwareStatusNotificationResponse()
    ),
    v2.PullDynamicScheduleUpdate: Later(
        "smart_charging", lambda call: v2.PullDynamicScheduleUpdateResponse(status="Rejected")
    ),
    v2.ReportChargingProfiles: Later("smart_charging", lambda call: v2.ReportChargingProfilesResponse()),
    v2.ReportDERControl: Later("der_control", lambda call: v2.ReportDERControlResponse()),
}

UNSAID: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AFRRSignal": "bidirectional",
        "AdjustPeriodicEventStream": "diagnostics",
        "CertificateSigned": "certificates",
        "ChangeTransactionTariff": "tariff",
        "ClearChargingProfile": "smart_charging",
        "ClearDERControl": "der_control",
        "ClearDisplayMessage": "display",
        "ClearTariffs": "tariff",
        "ClearVariableMonitoring": "diagnostics",
        "CostUpdated": "tariff",
        "CustomerInformation": "diagnostics",
        "DeleteCertificate": "certificates",
        "GetChargingProfiles": "smart_charging",
        "GetCompositeSchedule": "smart_charging",
        "GetDERControl": "der_control",
        "GetDisplayMessages": "display",
        "GetInstalledCertificateIds": "certificates",
        "GetLog": "diagnostics",
        "GetMonitoringReport": "diagnostics",
        "GetPeriodicEventStream": "diagnostics",
        "GetTariffs": "tariff",
        "InstallCertificate": "certificates",
        "NotifyAllowedEnergyTransfer": "bidirectional",
        "NotifyWebPaymentStarted": "payments",
        "PublishFirmware": "firmware",
        "RequestBatterySwap": "battery_swap",
        "SetChargingProfile": "smart_charging",
        "SetDERControl": "der_control",
        "SetDefaultTariff": "tariff",
        "SetDisplayMessage": "display",
        "SetMonitoringBase": "diagnostics",
        "SetMonitoringLevel": "diagnostics",
        "SetVariableMonitoring": "diagnostics",
        "UnpublishFirmware": "firmware",
        "UpdateDynamicSchedule": "smart_charging",
        "UpdateFirmware": "firmware",
        "UsePriorityCharging": "smart_charging",
    }
)
