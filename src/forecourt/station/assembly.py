"""What a station consists of: the only module that knows every block, and wires them by tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from forecourt.ocpp.versions import V16, V21, V201
from forecourt.station import events
from forecourt.station.blocks.authorization import v2 as authorization_v2
from forecourt.station.blocks.authorization import v16 as authorization_v16
from forecourt.station.blocks.authorization.actions import entries
from forecourt.station.blocks.availability import actions as availability
from forecourt.station.blocks.availability import v2 as availability_v2
from forecourt.station.blocks.availability import v16 as availability_v16
from forecourt.station.blocks.certificates import actions as certificates
from forecourt.station.blocks.certificates import contracts as installing
from forecourt.station.blocks.certificates import renewal, v2g, vehicles
from forecourt.station.blocks.certificates import v2 as certificates_v2
from forecourt.station.blocks.certificates import v16 as certificates_v16
from forecourt.station.blocks.customer_information import v2 as customer_information_v2
from forecourt.station.blocks.data_transfer import v2 as data_transfer_v2
from forecourt.station.blocks.data_transfer import v16 as data_transfer_v16
from forecourt.station.blocks.diagnostics import actions as diagnostics
from forecourt.station.blocks.diagnostics import v2 as diagnostics_v2
from forecourt.station.blocks.diagnostics import v16 as diagnostics_v16
from forecourt.station.blocks.display import actions as display
from forecourt.station.blocks.display import v2 as display_v2
from forecourt.station.blocks.firmware import actions as firmware
from forecourt.station.blocks.firmware import telling
from forecourt.station.blocks.firmware import v2 as firmware_v2
from forecourt.station.blocks.firmware import v16 as firmware_v16
from forecourt.station.blocks.later import v2 as later_v2
from forecourt.station.blocks.metering import actions as metering
from forecourt.station.blocks.metering import signing
from forecourt.station.blocks.metering import v2 as metering_v2
from forecourt.station.blocks.metering import v16 as metering_v16
from forecourt.station.blocks.monitoring import v2 as monitoring_v2
from forecourt.station.blocks.monitoring import watching as monitoring
from forecourt.station.blocks.provisioning import actions as provisioning
from forecourt.station.blocks.provisioning import v2 as provisioning_v2
from forecourt.station.blocks.provisioning import v16 as provisioning_v16
from forecourt.station.blocks.provisioning.computed import COMPUTED, LIMITS
from forecourt.station.blocks.provisioning.model import Boot
from forecourt.station.blocks.provisioning.network import actions as network
from forecourt.station.blocks.provisioning.network import variables as slots
from forecourt.station.blocks.remote_control import actions as remote_control
from forecourt.station.blocks.remote_control import v2 as remote_control_v2
from forecourt.station.blocks.remote_control import v16 as remote_control_v16
from forecourt.station.blocks.reservation import actions as reservation
from forecourt.station.blocks.reservation import v2 as reservation_v2
from forecourt.station.blocks.reservation import v16 as reservation_v16
from forecourt.station.blocks.security import actions as security
from forecourt.station.blocks.security import v2 as security_v2
from forecourt.station.blocks.security import v16 as security_v16
from forecourt.station.blocks.smart_charging import actions as smart_charging
from forecourt.station.blocks.smart_charging import external as limits
from forecourt.station.blocks.smart_charging import needs, priority
from forecourt.station.blocks.smart_charging import v2 as smart_charging_v2
from forecourt.station.blocks.smart_charging import v16 as smart_charging_v16
from forecourt.station.blocks.smart_charging.model import COMPUTED as CHARGING
from forecourt.station.blocks.tariff import actions as tariff
from forecourt.station.blocks.tariff import v2 as tariff_v2
from forecourt.station.blocks.transactions import contracts, master_pass, resuming
from forecourt.station.blocks.transactions import limits as spending
from forecourt.station.blocks.transactions import presenting as sessions
from forecourt.station.blocks.transactions import v2 as transactions_v2
from forecourt.station.blocks.transactions import v16 as transactions_v16
from forecourt.station.device_model.table import Name
from forecourt.station.dialects import Listener, assemble
from forecourt.station.wiring import Wiring

_V16: Final = (
    security_v16,
    provisioning_v16,
    authorization_v16,
    transactions_v16,
    remote_control_v16,
    availability_v16,
    metering_v16,
    diagnostics_v16,
    certificates_v16,
    firmware_v16,
    smart_charging_v16,
    reservation_v16,
    data_transfer_v16,
)
_V2: Final = (
    security_v2,
    provisioning_v2,
    authorization_v2,
    transactions_v2,
    remote_control_v2,
    availability_v2,
    metering_v2,
    diagnostics_v2,
    certificates_v2,
    firmware_v2,
    smart_charging_v2,
    monitoring_v2,
    reservation_v2,
    display_v2,
    tariff_v2,
    customer_information_v2,
    data_transfer_v2,
)

LISTENERS: Final[Mapping[type[Any], tuple[Listener, ...]]] = MappingProxyType(
    {
        events.Started: (
            network.on_started,
            diagnostics.on_started,
            availability.on_started,
            reservation.on_started,
            metering.on_started,
            smart_charging.on_started,
            sessions.on_started,
            monitoring.on_started,
            renewal.on_started,
            v2g.on_started,
            display.on_change,
            firmware.on_started,
        ),
        events.Online: (
            network.on_online,
            smart_charging.on_online,
            provisioning.on_online,
            availability.on_online,
            diagnostics.on_online,
            security.on_online,
            monitoring.on_online,
            reservation.on_online,
            renewal.on_online,
            firmware.on_online,
        ),
        events.Offline: (
            smart_charging.on_offline,
            provisioning.on_offline,
            diagnostics.on_offline,
            security.on_offline,
        ),
        events.Registered: (
            security.on_registered,
            availability.on_registered,
            smart_charging.on_registered,
            reservation.on_registered,
            diagnostics.on_registered,
            monitoring.on_registered,
            renewal.on_registered,
            firmware.on_registered,
        ),
        events.Plugged: (sessions.on_plugged,),
        events.Unplugged: (
            vehicles.on_unplugged,
            installing.on_unplugged,
            contracts.on_unplugged,
            sessions.on_unplugged,
        ),
        events.Parked: (sessions.on_parked,),
        events.Drawing: (sessions.on_drawing,),
        events.Presented: (sessions.on_presented,),
        events.VehicleShown: (vehicles.on_vehicle_shown,),
        events.CertificateWanted: (installing.on_certificate_wanted,),
        events.ContractShown: (contracts.on_contract_shown,),
        events.SessionEnded: (contracts.on_session_ended,),
        events.Chosen: (master_pass.on_chosen,),
        events.Restricted: (limits.on_restricted,),
        events.Hurried: (priority.on_hurried,),
        events.LimitWished: (spending.on_wished,),
        events.Needed: (needs.on_needed,),
        events.Scheduled: (needs.on_scheduled,),
        events.Fault: (
            sessions.on_fault,
            diagnostics.on_fault,
        ),
        events.BayChanged: (
            spending.on_bay_changed,
            smart_charging.on_bay_changed,
            reservation.on_bay_changed,
            availability.on_bay_changed,
            monitoring.on_bay_changed,
            display.on_change,
        ),
        events.NobodyCame: (reservation.on_nobody_came,),
        events.TransactionBegan: (
            smart_charging.on_transaction_began,
            diagnostics.on_transaction_began,
            resuming.on_changed,
        ),
        events.TransactionEnding: (monitoring.on_transaction_ending,),
        events.TransactionEnded: (
            smart_charging.on_transaction_ended,
            availability.on_transaction_ended,
            provisioning.on_transaction_ended,
            diagnostics.on_transaction_ended,
            display.on_transaction_ended,
            tariff.on_transaction_ended,
            firmware.on_transaction_ended,
            resuming.on_changed,
        ),
        events.DutyChanged: (
            reservation.on_bay_changed,
            availability.on_duty_changed,
            monitoring.on_duty_changed,
            display.on_change,
        ),
        events.Authorized: (
            tariff.on_authorized,
            display.on_authorized,
        ),
        events.PersonalMessage: (tariff.on_personal_message,),
        events.CostTold: (
            tariff.on_cost,
            spending.on_cost,
        ),
        events.LockFailed: (monitoring.on_lock_failed,),
        events.Pausing: (sessions.on_pausing,),
        events.Resetting: (
            sessions.on_resetting,
            diagnostics.on_resetting,
        ),
        events.Incident: (
            security.on_incident,
            diagnostics.on_incident,
        ),
        events.VariableChanged: (
            availability.on_variable,
            metering.on_variable,
            sessions.on_variable,
            security.on_variable,
            diagnostics.on_variable,
            smart_charging.on_variable,
            monitoring.on_variable,
            reservation.on_variable,
            display.on_variable,
            network.on_variable,
            resuming.on_variable,
        ),
        events.ClockSet: (
            spending.on_clock_set,
            metering.on_clock_set,
            security.on_clock_set,
            smart_charging.on_clock_set,
            reservation.on_clock_set,
            display.on_change,
            monitoring.on_clock_set,
        ),
        events.FirmwareInstalled: (firmware.on_installed,),
        events.Noted: (diagnostics.on_noted,),
        events.AlignedMoment: (sessions.on_aligned,),
        events.TrailMoment: (sessions.on_trail,),
    }
)

TRIGGERS: Final = MappingProxyType(
    {
        "BootNotification": provisioning.trigger_boot,
        "DiagnosticsStatusNotification": diagnostics.trigger_diagnostics_status,
        "LogStatusNotification": diagnostics.trigger_log_status,
        "FirmwareStatusNotification": telling.trigger,
        "PlainFirmwareStatusNotification": telling.trigger_plain,
        "Heartbeat": availability.trigger_beat,
        "SignChargingStationCertificate": renewal.trigger,
        "SignV2GCertificate": renewal.trigger_v2g,
        "StatusNotification": availability.trigger_status,
        "MeterValues": metering.trigger,
        "TransactionEvent": remote_control.trigger_transaction,
    }
)

_STATES: Final = {
    Name(component, "AvailabilityState"): lambda station, place: availability.state_at(station, place).value
    for component in ("ChargingStation", "EVSE", "Connector")
}
_PROBLEMS: Final = {
    Name(component, "Problem"): lambda station, place: availability.problem_at(station, place)
    for component in ("ChargingStation", "EVSE", "Connector")
}
_ENTRIES: Final = {
    Name("LocalAuthListCtrlr", "Entries"): lambda station, place: str(entries(station)),
    Name("SecurityCtrlr", "CertificateEntries"): certificates.entries,
    Name("DisplayMessageCtrlr", "DisplayMessages"): lambda station, place: str(display.count(station)),
}


CHECKS: Final = MappingProxyType({network.PRIORITY: network.check_priority, **slots.CHECKS, **signing.CHECKS})
"""Why a variable cannot have a value that is right for itself."""


@cache
def wiring() -> Wiring:
    """The tables of all blocks, made once for all stations of a process. Raises Gap for a defect in them."""
    v16 = assemble(
        V16,
        [block.HEARS for block in _V16],
        [block.SAYS for block in _V16],
        provisioning_v16.DEFAULTS,
        certificates_v16.VENDORS,
    )
    hears, says = [*(block.HEARS for block in _V2), later_v2.HEARS], [block.SAYS for block in _V2]
    return Wiring(
        dialects=MappingProxyType({V16: v16, V201: assemble(V201, hears, says), V21: assemble(V21, hears, says)}),
        listeners=LISTENERS,
        computed=MappingProxyType(
            {**COMPUTED, **slots.COMPUTED, **_STATES, **_PROBLEMS, **_ENTRIES, **CHARGING, **signing.COMPUTED}
        ),
        limits=LIMITS,
        triggers=TRIGGERS,
        early=frozenset({Boot}),
        checks=CHECKS,
        stores=MappingProxyType(slots.STORES),
        route=network.route,
    )
