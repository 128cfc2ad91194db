"""Facts about actions that no schema states: who sends them, and in which functional block the specification treats them.

The blocks of 1.6 are those of the 2.x block that took the action over. A block is its letter (`forecourt.ocpp.action.BLOCKS`).
"""

from __future__ import annotations

from enum import Enum


class Sender(Enum):
    """Who may send the request; the other party answers."""

    STATION = "station to CSMS"
    CSMS = "CSMS to station"
    EITHER = "either way"

    def other(self) -> Sender:
        """Who answers."""
        return {Sender.STATION: Sender.CSMS, Sender.CSMS: Sender.STATION, Sender.EITHER: Sender.EITHER}[self]


FROM_STATION, FROM_CSMS, EITHER = Sender.STATION, Sender.CSMS, Sender.EITHER

CORE_16: dict[str, tuple[Sender, str]] = {
    "Authorize": (FROM_STATION, "C"),
    "BootNotification": (FROM_STATION, "B"),
    "CancelReservation": (FROM_CSMS, "H"),
    "ChangeAvailability": (FROM_CSMS, "G"),
    "ChangeConfiguration": (FROM_CSMS, "B"),
    "ClearCache": (FROM_CSMS, "C"),
    "ClearChargingProfile": (FROM_CSMS, "K"),
    "DataTransfer": (EITHER, "P"),
    "DiagnosticsStatusNotification": (FROM_STATION, "N"),
    "FirmwareStatusNotification": (FROM_STATION, "L"),
    "GetCompositeSchedule": (FROM_CSMS, "K"),
    "GetConfiguration": (FROM_CSMS, "B"),
    "GetDiagnostics": (FROM_CSMS, "N"),
    "GetLocalListVersion": (FROM_CSMS, "D"),
    "Heartbeat": (FROM_STATION, "G"),
    "MeterValues": (FROM_STATION, "J"),
    "RemoteStartTransaction": (FROM_CSMS, "F"),
    "RemoteStopTransaction": (FROM_CSMS, "F"),
    "ReserveNow": (FROM_CSMS, "H"),
    "Reset": (FROM_CSMS, "B"),
    "SendLocalList": (FROM_CSMS, "D"),
    "SetChargingProfile": (FROM_CSMS, "K"),
    "StartTransaction": (FROM_STATION, "E"),
    "StatusNotification": (FROM_STATION, "G"),
    "StopTransaction": (FROM_STATION, "E"),
    "TriggerMessage": (FROM_CSMS, "F"),
    "UnlockConnector": (FROM_CSMS, "F"),
    "UpdateFirmware": (FROM_CSMS, "L"),
}
"""The actions of 1.6 itself, which are also the operations of its SOAP services."""

SECURITY_16: dict[str, tuple[Sender, str]] = {
    "CertificateSigned": (FROM_CSMS, "M"),
    "DeleteCertificate": (FROM_CSMS, "M"),
    "ExtendedTriggerMessage": (FROM_CSMS, "F"),
    "GetInstalledCertificateIds": (FROM_CSMS, "M"),
    "GetLog": (FROM_CSMS, "N"),
    "InstallCertificate": (FROM_CSMS, "M"),
    "LogStatusNotification": (FROM_STATION, "N"),
    "SecurityEventNotification": (FROM_STATION, "A"),
    "SignCertificate": (FROM_STATION, "M"),
    "SignedFirmwareStatusNotification": (FROM_STATION, "L"),
    "SignedUpdateFirmware": (FROM_CSMS, "L"),
}
"""The actions that the security whitepaper adds to 1.6."""

ACTIONS_2: dict[str, tuple[Sender, str]] = {
    "AFRRSignal": (FROM_CSMS, "Q"),
    "AdjustPeriodicEventStream": (FROM_CSMS, "N"),
    "Authorize": (FROM_STATION, "C"),
    "BatterySwap": (FROM_STATION, "S"),
    "BootNotification": (FROM_STATION, "B"),
    "CancelReservation": (FROM_CSMS, "H"),
    "CertificateSigned": (FROM_CSMS, "A"),
    "ChangeAvailability": (FROM_CSMS, "G"),
    "ChangeTransactionTariff": (FROM_CSMS, "I"),
    "ClearCache": (FROM_CSMS, "C"),
    "ClearChargingProfile": (FROM_CSMS, "K"),
    "ClearDERControl": (FROM_CSMS, "R"),
    "ClearDisplayMessage": (FROM_CSMS, "O"),
    "ClearTariffs": (FROM_CSMS, "I"),
    "ClearVariableMonitoring": (FROM_CSMS, "N"),
    "ClearedChargingLimit": (FROM_STATION, "K"),
    "ClosePeriodicEventStream": (FROM_STATION, "N"),
    "CostUpdated": (FROM_CSMS, "I"),
    "CustomerInformation": (FROM_CSMS, "N"),
    "DataTransfer": (EITHER, "P"),
    "DeleteCertificate": (FROM_CSMS, "M"),
    "FirmwareStatusNotification": (FROM_STATION, "L"),
    "Get15118EVCertificate": (FROM_STATION, "M"),
    "GetBaseReport": (FROM_CSMS, "B"),
    "GetCertificateChainStatus": (FROM_STATION, "M"),
    "GetCertificateStatus": (FROM_STATION, "M"),
    "GetChargingProfiles": (FROM_CSMS, "K"),
    "GetCompositeSchedule": (FROM_CSMS, "K"),
    "GetDERControl": (FROM_CSMS, "R"),
    "GetDisplayMessages": (FROM_CSMS, "O"),
    "GetInstalledCertificateIds": (FROM_CSMS, "M"),
    "GetLocalListVersion": (FROM_CSMS, "D"),
    "GetLog": (FROM_CSMS, "N"),
    "GetMonitoringReport": (FROM_CSMS, "N"),
    "GetPeriodicEventStream": (FROM_CSMS, "N"),
    "GetReport": (FROM_CSMS, "B"),
    "GetTariffs": (FROM_CSMS, "I"),
    "GetTransactionStatus": (FROM_CSMS, "E"),
    "GetVariables": (FROM_CSMS, "B"),
    "Heartbeat": (FROM_STATION, "G"),
    "InstallCertificate": (FROM_CSMS, "M"),
    "LogStatusNotification": (FROM_STATION, "N"),
    "MeterValues": (FROM_STATION, "J"),
    "NotifyAllowedEnergyTransfer": (FROM_CSMS, "Q"),
    "NotifyChargingLimit": (FROM_STATION, "K"),
    "NotifyCustomerInformation": (FROM_STATION, "N"),
    "NotifyDERAlarm": (FROM_STATION, "R"),
    "NotifyDERStartStop": (FROM_STATION, "R"),
    "NotifyDisplayMessages": (FROM_STATION, "O"),
    "NotifyEVChargingNeeds": (FROM_STATION, "K"),
    "NotifyEVChargingSchedule": (FROM_STATION, "K"),
    "NotifyEvent": (FROM_STATION, "N"),
    "NotifyMonitoringReport": (FROM_STATION, "N"),
    "NotifyPeriodicEventStream": (FROM_STATION, "N"),
    "NotifyPriorityCharging": (FROM_STATION, "K"),
    "NotifyReport": (FROM_STATION, "B"),
    "NotifySettlement": (FROM_STATION, "C"),
    "NotifyWebPaymentStarted": (FROM_CSMS, "C"),
    "OpenPeriodicEventStream": (FROM_STATION, "N"),
    "PublishFirmware": (FROM_CSMS, "L"),
    "PublishFirmwareStatusNotification": (FROM_STATION, "L"),
    "PullDynamicScheduleUpdate": (FROM_STATION, "K"),
    "ReportChargingProfiles": (FROM_STATION, "K"),
    "ReportDERControl": (FROM_STATION, "R"),
    "RequestBatterySwap": (FROM_CSMS, "S"),
    "RequestStartTransaction": (FROM_CSMS, "F"),
    "RequestStopTransaction": (FROM_CSMS, "F"),
    "ReservationStatusUpdate": (FROM_STATION, "H"),
    "ReserveNow": (FROM_CSMS, "H"),
    "Reset": (FROM_CSMS, "B"),
    "SecurityEventNotification": (FROM_STATION, "A"),
    "SendLocalList": (FROM_CSMS, "D"),
    "SetChargingProfile": (FROM_CSMS, "K"),
    "SetDERControl": (FROM_CSMS, "R"),
    "SetDefaultTariff": (FROM_CSMS, "I"),
    "SetDisplayMessage": (FROM_CSMS, "O"),
    "SetMonitoringBase": (FROM_CSMS, "N"),
    "SetMonitoringLevel": (FROM_CSMS, "N"),
    "SetNetworkProfile": (FROM_CSMS, "B"),
    "SetVariableMonitoring": (FROM_CSMS, "N"),
    "SetVariables": (FROM_CSMS, "B"),
    "SignCertificate": (FROM_STATION, "A"),
    "StatusNotification": (FROM_STATION, "G"),
    "TransactionEvent": (FROM_STATION, "E"),
    "TriggerMessage": (FROM_CSMS, "F"),
    "UnlockConnector": (FROM_CSMS, "F"),
    "UnpublishFirmware": (FROM_CSMS, "L"),
    "UpdateDynamicSchedule": (FROM_CSMS, "K"),
    "UpdateFirmware": (FROM_CSMS, "L"),
    "UsePriorityCharging": (FROM_CSMS, "K"),
    "VatNumberValidation": (FROM_STATION, "C"),
}
"""The actions of 2.1; those of 2.0.1 are among them."""

UNANSWERED = frozenset({"NotifyPeriodicEventStream"})
"""Sent as SEND, which has no answer (Part 4 of 2.1)."""
