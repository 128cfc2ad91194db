"""Monitoring in the words of 2.0.1 and 2.1. 1.6 has no words for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.topology import Place
from forecourt.ocpp import v2
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.versions import V21
from forecourt.station.blocks.monitoring import actions, streams
from forecourt.station.blocks.monitoring.model import Happened, Monitor, Origin, ReportPart, Selection, Told
from forecourt.station.blocks.monitoring.streams import Closing, Flow, Opening
from forecourt.station.core import Station
from forecourt.station.device_model.table import Described
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import component_of, means, place_of, variable_of
from forecourt.station.words.v2 import named as named_component


def on_set_monitoring(station: Station, call: v2.SetVariableMonitoring) -> v2.SetVariableMonitoringResponse:
    """N04."""
    _bound(station, len(call.set_monitoring_data), "SetVariableMonitoring")
    results = tuple(_set(station, asked) for asked in call.set_monitoring_data)
    return v2.SetVariableMonitoringResponse(set_monitoring_result=results)


def on_clear_monitoring(station: Station, call: v2.ClearVariableMonitoring) -> v2.ClearVariableMonitoringResponse:
    """N06."""
    _bound(station, len(call.id), "ClearVariableMonitoring")
    results = tuple(
        v2.ClearMonitoringResult(
            id=monitor_id, status=cast(v2.ClearMonitoringStatus, actions.clear(station, monitor_id))
        )
        for monitor_id in call.id
    )
    return v2.ClearVariableMonitoringResponse(clear_monitoring_result=results)


def on_set_base(station: Station, call: v2.SetMonitoringBase) -> v2.SetMonitoringBaseResponse:
    """N03."""
    actions.set_base(station, Selection(call.monitoring_base))
    return v2.SetMonitoringBaseResponse(status="Accepted")


def on_set_level(station: Station, call: v2.SetMonitoringLevel) -> v2.SetMonitoringLevelResponse:
    """N05."""
    if actions.set_level(station, call.severity):
        return v2.SetMonitoringLevelResponse(status="Accepted")
    return v2.SetMonitoringLevelResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="ValueOutOfRange"))


def on_get_report(station: Station, call: v2.GetMonitoringReport) -> v2.GetMonitoringReportResponse:
    """N02."""
    criteria = () if call.monitoring_criteria is UNSET else call.monitoring_criteria
    named = () if call.component_variable is UNSET else call.component_variable
    if len(named) > station.model.integer("DeviceDataCtrlr", "ItemsPerMessage", "GetReport"):
        raise ProtocolError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "too many items")  # N02.FR.07

    def wanted(monitor: Monitor) -> bool:
        if criteria and not any(actions.criterion_met(monitor, one) for one in criteria):
            return False
        return not named or any(means(one, monitor.name, monitor.place) for one in named)

    if actions.report(station, call.request_id, wanted):
        return v2.GetMonitoringReportResponse(status="Accepted")
    return v2.GetMonitoringReportResponse(status="EmptyResultSet", status_info=v2.StatusInfo(reason_code="NotFound"))


def say_report(station: Station, part: ReportPart) -> v2.NotifyMonitoringReport:
    return v2.NotifyMonitoringReport(
        request_id=part.request_id,
        generated_at=part.at,
        seq_no=part.seq,
        tbc=part.more,
        monitor=tuple(_reported(station, monitor) for monitor in part.monitors),
    )


def say_events(station: Station, told: Told) -> v2.NotifyEvent:
    """N07, N08."""
    data = tuple(_event(station, happened) for happened in told.events)
    return v2.NotifyEvent(generated_at=station.now(), seq_no=0, event_data=data)


def _bound(station: Station, count: int, message: str) -> None:
    """N04.FR.09, N06.FR.06."""
    if count > station.model.integer("MonitoringCtrlr", "ItemsPerMessage", message):
        raise ProtocolError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, f"too many items for {message}")


def _set(station: Station, asked: v2.SetMonitoringData) -> v2.SetMonitoringResult:
    place = place_of(asked.component)
    instance = "" if asked.variable.instance is UNSET else asked.variable.instance
    found, row = station.model.find(named_component(asked.component), asked.variable.name, instance, place)
    if asked.component.instance is not UNSET and row is not None:
        row, status, reason, number = None, "UnknownComponent", "NotFound", None
    elif row is None:
        status, reason, number = found.value, "NotFound", None
    else:
        asked_id = None if asked.id is UNSET else asked.id
        status, reason, number = actions.set_monitor(station, _wanted(asked, row, place), row, asked_id)
    return v2.SetMonitoringResult(
        id=UNSET if number is None else number,
        status=cast(v2.SetMonitoringStatus, status),
        status_info=UNSET if status == "Accepted" else v2.StatusInfo(reason_code=reason),
        type=asked.type,
        severity=asked.severity,
        component=asked.component,
        variable=asked.variable,
    )


def _wanted(asked: v2.SetMonitoringData, row: Described, place: Place) -> Monitor:
    flow = asked.periodic_event_stream
    return Monitor(
        id=0,
        component=row.name.component,
        variable=row.name.variable,
        instance=row.name.instance,
        evse_id=place.evse_id,
        connector_id=place.connector_id,
        kind=asked.type,
        value=asked.value,
        severity=asked.severity,
        in_transaction=asked.transaction is True,
        stream_interval_s=0 if flow is UNSET or flow.interval is UNSET else flow.interval,
        stream_values=0 if flow is UNSET or flow.values is UNSET else flow.values,
        origin=Origin.CUSTOM,
    )


def _reported(station: Station, monitor: Monitor) -> v2.MonitoringData:
    return v2.MonitoringData(
        component=component_of(monitor.name, monitor.place),
        variable=variable_of(monitor.name),
        variable_monitoring=(
            v2.VariableMonitoring(
                id=monitor.id,
                transaction=monitor.in_transaction,
                value=monitor.value,
                type=cast(v2.Monitor, monitor.kind),
                severity=monitor.severity,
                event_notification_type=monitor.origin.value if station.dialect.version is V21 else UNSET,
            ),
        ),
    )


def _event(station: Station, happened: Happened) -> v2.EventData:
    name, place = happened.name, happened.place
    return v2.EventData(
        event_id=happened.id,
        timestamp=happened.at,
        trigger=cast(v2.EventTrigger, happened.trigger),
        actual_value=happened.value[:2500],
        tech_code=UNSET if happened.tech_code is None else happened.tech_code,
        cleared=True if happened.cleared else UNSET,
        transaction_id=UNSET if happened.transaction_id is None else happened.transaction_id,
        component=component_of(name, place),
        variable=variable_of(name),
        variable_monitoring_id=UNSET if happened.monitor_id is None else happened.monitor_id,
        event_notification_type=cast(v2.EventNotification, happened.notification),
        severity=happened.severity if station.dialect.version is V21 else UNSET,
    )


def on_get_streams(station: Station, call: v2.GetPeriodicEventStream) -> v2.GetPeriodicEventStreamResponse:
    """N12."""
    found = tuple(_constant(monitor) for monitor in streams.open_streams(station))
    return v2.GetPeriodicEventStreamResponse(constant_stream_data=found or UNSET)


def on_adjust_stream(station: Station, call: v2.AdjustPeriodicEventStream) -> v2.AdjustPeriodicEventStreamResponse:
    """N14."""
    interval_s = 0 if call.params.interval is UNSET else call.params.interval
    values = 0 if call.params.values is UNSET else call.params.values
    done = actions.adjust_stream(station, call.id, interval_s, values)
    return v2.AdjustPeriodicEventStreamResponse(status="Accepted" if done else "Rejected")


def say_opening(station: Station, opening: Opening) -> v2.OpenPeriodicEventStream | None:
    """N11. 2.0.1 has no streams."""
    if station.dialect.version is not V21:
        return None
    return v2.OpenPeriodicEventStream(constant_stream_data=_constant(opening.monitor))


def heard_opening(station: Station, opening: Opening, answer: v2.OpenPeriodicEventStreamResponse) -> None:
    if answer.status == "Accepted":
        streams.opened(station, opening.monitor.id)
    else:
        streams.refused(station, opening.monitor.id)


def say_closing(station: Station, closing: Closing) -> v2.ClosePeriodicEventStream | None:
    """N13."""
    return v2.ClosePeriodicEventStream(id=closing.stream_id) if station.dialect.version is V21 else None


def say_flow(station: Station, flow: Flow) -> v2.NotifyPeriodicEventStream | None:
    """N15.FR.04, 09."""
    if station.dialect.version is not V21:
        return None
    began = flow.values[0][0]
    data = tuple(
        v2.StreamDataElement(t=Decimal(str((at - began).total_seconds())), v=value[:2500]) for at, value in flow.values
    )
    return v2.NotifyPeriodicEventStream(id=flow.stream_id, pending=flow.pending, basetime=began, data=data)


def _constant(monitor: Monitor) -> v2.ConstantStreamData:
    return v2.ConstantStreamData(
        id=monitor.id,
        variable_monitoring_id=monitor.id,
        params=v2.PeriodicEventStreamParams(interval=monitor.stream_interval_s, values=monitor.stream_values),
    )


HEARS: Final[Hears] = {
    v2.SetVariableMonitoring: on_set_monitoring,
    v2.ClearVariableMonitoring: on_clear_monitoring,
    v2.SetMonitoringBase: on_set_base,
    v2.SetMonitoringLevel: on_set_level,
    v2.GetMonitoringReport: on_get_report,
    v2.GetPeriodicEventStream: on_get_streams,
    v2.AdjustPeriodicEventStream: on_adjust_stream,
}
SAYS: Final[Says] = {
    ReportPart: Said(v2.NotifyMonitoringReport, say_report),
    Told: Said(v2.NotifyEvent, say_events),
    Opening: Said(v2.OpenPeriodicEventStream, say_opening, heard_opening),
    Closing: Said(v2.ClosePeriodicEventStream, say_closing),
    Flow: Said(v2.NotifyPeriodicEventStream, say_flow),
}
