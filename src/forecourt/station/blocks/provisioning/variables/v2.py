"""Variables and reports of 2.0.1 and 2.1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, cast

from msgspec import UNSET, UnsetType

from forecourt.charging.topology import Place
from forecourt.ocpp import v2
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.station.blocks.provisioning.model import Line, ReportPart
from forecourt.station.core import Station
from forecourt.station.device_model.table import Described, Mutability
from forecourt.station.device_model.targets import TARGETS, target
from forecourt.station.device_model.values import Found, Refusal
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import component_of, means, place_of, variable_of
from forecourt.station.words.v2 import named as named_component

LINES_PER_PART: Final = 25


def on_get_variables(station: Station, call: v2.GetVariables) -> v2.GetVariablesResponse:
    """B06."""
    _bound(station, call.get_variable_data, "GetVariables")
    return v2.GetVariablesResponse(get_variable_result=tuple(_got(station, asked) for asked in call.get_variable_data))


def on_set_variables(station: Station, call: v2.SetVariables) -> v2.SetVariablesResponse:
    """B05."""
    _bound(station, call.set_variable_data, "SetVariables")
    return v2.SetVariablesResponse(set_variable_result=tuple(_set(station, asked) for asked in call.set_variable_data))


def on_get_base_report(station: Station, call: v2.GetBaseReport) -> v2.GetBaseReportResponse:
    """B07. The summary is optional (B07.FR.02)."""
    if call.report_base == "SummaryInventory" and not station.build.summaries:
        return v2.GetBaseReportResponse(
            status="NotSupported", status_info=v2.StatusInfo(reason_code="UnsupportedParam")
        )
    wanted: dict[str, Callable[[Described], bool]] = {
        "FullInventory": lambda row: True,
        "ConfigurationInventory": lambda row: row.writable,
        "SummaryInventory": lambda row: row.name.variable in ("Available", "AvailabilityState", "Problem"),
    }
    lines = _lines(station, lambda row, place: wanted[call.report_base](row))
    station.later(lambda: _report(station, call.request_id, lines))
    return v2.GetBaseReportResponse(status="Accepted")


def on_get_report(station: Station, call: v2.GetReport) -> v2.GetReportResponse:
    """B08."""
    criteria = () if call.component_criteria is UNSET else call.component_criteria
    named = () if call.component_variable is UNSET else call.component_variable
    _bound(station, named, "GetReport")
    lines = _lines(station, lambda row, place: _asked(station, row, place, named, criteria))
    if not lines:
        return v2.GetReportResponse(status="EmptyResultSet", status_info=v2.StatusInfo(reason_code="NotFound"))
    station.later(lambda: _report(station, call.request_id, lines))
    return v2.GetReportResponse(status="Accepted")


def say_report(station: Station, part: ReportPart) -> v2.NotifyReport:
    return v2.NotifyReport(
        request_id=part.request_id,
        generated_at=part.at,
        seq_no=part.seq,
        tbc=part.more,
        report_data=tuple(_reported(line) for line in part.lines),
    )


def _bound(station: Station, items: Sequence[object], message: str) -> None:
    """B05.FR.11, B06.FR.16: more items than announced are refused as a whole."""
    if len(items) > station.model.integer("DeviceDataCtrlr", "ItemsPerMessage", message):
        raise ProtocolError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, f"too many items for {message}")


def _found(
    station: Station, component: v2.Component, variable: v2.Variable, attribute: v2.Attribute | UnsetType
) -> tuple[Found, Described | None, Place]:
    place = place_of(component)
    instance = "" if variable.instance is UNSET else variable.instance
    found, row = station.model.find(named_component(component), variable.name, instance, place)
    if row is not None and not (attribute in (UNSET, "Actual") or (attribute == "Target" and row.name in TARGETS)):
        found, row = Found.NOT_SUPPORTED_ATTRIBUTE, None
    return found, row, place


def _got(station: Station, asked: v2.GetVariableData) -> v2.GetVariableResult:
    found, row, place = _found(station, asked.component, asked.variable, asked.attribute_type)
    value: str | None = None
    if row is not None and asked.attribute_type == "Target":
        value = target(station, row.name, place)
    elif row is not None:
        found, value = station.model.read(row, place)
    return v2.GetVariableResult(
        attribute_status=cast(v2.GetVariableStatus, found.value),
        attribute_type=asked.attribute_type,
        attribute_value=UNSET if value is None else value,
        component=asked.component,
        variable=asked.variable,
    )


def _set(station: Station, asked: v2.SetVariableData) -> v2.SetVariableResult:
    found, row, _ = _found(station, asked.component, asked.variable, asked.attribute_type)
    why: Refusal | None = None
    if row is not None and asked.attribute_type == "Target":
        found, why = Found.REJECTED, Refusal("ReadOnly", "read only")
    elif row is not None:
        found, why = station.model.write(row, asked.attribute_value)
    return v2.SetVariableResult(
        attribute_type=asked.attribute_type,
        attribute_status=found.value,
        attribute_status_info=v2.StatusInfo(reason_code=why.reason, additional_info=why.text[:500]) if why else UNSET,
        component=asked.component,
        variable=asked.variable,
    )


def _lines(station: Station, wanted: Callable[[Described, Place], bool]) -> tuple[Line, ...]:
    return tuple(
        Line(
            row,
            place,
            None if row.mutability is Mutability.WRITE_ONLY else station.model.value(row, place),
            station.model.bounds(row, place),
            target(station, row.name, place),
        )
        for row, place in station.model.rows()
        if wanted(row, place)
    )


def _asked(
    station: Station, row: Described, place: Place, named: Sequence[v2.ComponentVariable], criteria: Sequence[str]
) -> bool:
    """B08.FR.05, 11, 13. Of criteria alone the answer is the variables they are about, where they hold (TC_B_16)."""
    if not named and criteria:
        return row.name.variable in criteria and station.model.value(row, place).casefold() == "true"
    if named and not any(means(one, row.name, place) for one in named):
        return False
    return not criteria or any(_meets(station, row, place, one) for one in criteria)


def _meets(station: Station, row: Described, place: Place, criterion: str) -> bool:
    """B08.FR.07 to 10: a component without the variable counts as available, enabled and active, and has no problem."""
    _, described = station.model.find(row.name.component, criterion, "", place)
    if described is None:
        return criterion != "Problem"
    return station.model.value(described, place).casefold() == "true"


def _report(station: Station, request_id: int, lines: Sequence[Line]) -> None:
    """In parts, one after another; the last one says that it is."""
    starts = range(0, len(lines), LINES_PER_PART)
    for seq, start in enumerate(starts):
        station.say(
            ReportPart(
                request_id=request_id,
                at=station.now(),
                seq=seq,
                more=seq + 1 < len(starts),
                lines=tuple(lines[start : start + LINES_PER_PART]),
            )
        )


def _reported(line: Line) -> v2.ReportData:
    row, place = line.row, line.place
    least, most = line.bounds
    return v2.ReportData(
        component=component_of(row.name, place),
        variable=variable_of(row.name),
        variable_attribute=_attributes(line),
        variable_characteristics=v2.VariableCharacteristics(
            data_type=cast(v2.Data, row.kind),
            unit=row.unit or UNSET,
            min_limit=_limit(least),
            max_limit=_limit(most),
            values_list=",".join(row.choices) or UNSET,
            supports_monitoring=True,
        ),
    )


def _attributes(line: Line) -> tuple[v2.VariableAttribute, ...]:
    actual = v2.VariableAttribute(
        type="Actual",
        value=UNSET if line.value is None else line.value,
        mutability=line.row.mutability.value,
        persistent=True,
        constant=False,
    )
    if line.target is None:
        return (actual,)
    return actual, v2.VariableAttribute(type="Target", value=line.target, mutability="ReadOnly")


def _limit(bound: Decimal | None) -> Decimal | UnsetType:
    return UNSET if bound is None else bound


HEARS: Final[Hears] = {
    v2.GetVariables: on_get_variables,
    v2.SetVariables: on_set_variables,
    v2.GetBaseReport: on_get_base_report,
    v2.GetReport: on_get_report,
}
SAYS: Final[Says] = {ReportPart: Said(v2.NotifyReport, say_report)}
