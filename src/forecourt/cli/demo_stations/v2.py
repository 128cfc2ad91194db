"""What virtual stations say in OCPP 2.0.1 and 2.1."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.cli.demo_stations.model import Begun, Ended, Ending, Fact, Metered, Sample, Shown, State
from forecourt.cli.demo_stations.station import Booted, Station, Wish
from forecourt.ocpp import v2
from forecourt.transport import Handlers, Peer

_STATES: Final = MappingProxyType[State, v2.ConnectorStatus](
    {
        State.AVAILABLE: "Available",
        State.PLUGGED: "Occupied",
        State.CHARGING: "Occupied",
        State.SUSPENDED: "Occupied",
        State.FINISHING: "Occupied",
        State.FAULTED: "Faulted",
        State.UNAVAILABLE: "Unavailable",
    }
)
_ENDINGS: Final = MappingProxyType[Ending, tuple[v2.TriggerReason, v2.Reason]](
    {
        Ending.DRIVER: ("StopAuthorized", "Local"),
        Ending.CAR_FULL: ("EVDeparted", "EVDisconnected"),
        Ending.REMOTE: ("RemoteStop", "Remote"),
        Ending.REFUSED: ("Deauthorized", "DeAuthorized"),
        Ending.FAULT: ("AbnormalCondition", "GroundFault"),
        Ending.POWER_LOSS: ("AbnormalCondition", "PowerLoss"),
    }
)
_PHASES: Final[tuple[v2.Phase, ...]] = ("L1", "L2", "L3")
_CARD: Final = "ISO14443"


@dataclass(slots=True)
class _Variable:
    """A line of the device model."""

    component: str
    name: str
    value: str
    kind: v2.Data
    mutability: v2.Mutability = "ReadOnly"
    evse: int | None = None
    unit: str = ""


class Words2:
    """The words of one station."""

    def __init__(self, station: Station) -> None:
        self._station = station
        pace, make = station.pace, station.make
        self._variables = [
            _Variable(
                "OCPPCommCtrlr", "HeartbeatInterval", str(int(pace.heartbeat_s)), "integer", "ReadWrite", unit="s"
            ),
            _Variable(
                "SampledDataCtrlr",
                "TxUpdatedInterval",
                str(max(1, int(pace.sample_s))),
                "integer",
                "ReadWrite",
                unit="s",
            ),
            _Variable("AuthCtrlr", "Enabled", "true", "boolean", "ReadWrite"),
            _Variable("LocalAuthListCtrlr", "Enabled", "false", "boolean"),
            _Variable("TxCtrlr", "EVConnectionTimeOut", "60", "integer", "ReadWrite", unit="s"),
            _Variable("TxCtrlr", "StopTxOnInvalidId", "true", "boolean", "ReadWrite"),
            _Variable("ChargingStation", "Model", make.model, "string"),
            _Variable("ChargingStation", "VendorName", make.vendor, "string"),
        ]
        for outlet in station.outlets:
            self._variables += [
                _Variable("EVSE", "Power", str(make.max_w), "decimal", evse=outlet.number, unit="W"),
                _Variable("EVSE", "SupplyPhases", "3", "integer", evse=outlet.number),
                _Variable("Connector", "ConnectorType", "cCCS2" if make.dc else "sType2", "string", evse=outlet.number),
            ]

    @property
    def handlers(self) -> Handlers:
        return {
            v2.RequestStartTransaction: self._on_start,
            v2.RequestStopTransaction: self._on_stop,
            v2.GetTransactionStatus: self._on_transaction_status,
            v2.Reset: self._on_reset,
            v2.UnlockConnector: self._on_unlock,
            v2.ChangeAvailability: self._on_availability,
            v2.TriggerMessage: self._on_trigger,
            v2.GetVariables: self._on_get,
            v2.SetVariables: self._on_set,
            v2.GetBaseReport: self._on_report,
            v2.ClearCache: lambda csms, call: v2.ClearCacheResponse(status="Rejected"),
            v2.DataTransfer: lambda csms, call: v2.DataTransferResponse(status="UnknownVendorId"),
        }

    async def boot(self, csms: Peer) -> Booted:
        make = self._station.make
        described = v2.ChargingStation(
            vendor_name=make.vendor, model=make.model, serial_number=make.identity, firmware_version=make.firmware
        )
        answer = await csms.call(v2.BootNotification(reason="PowerUp", charging_station=described))
        return Booted(answer.status, answer.interval)

    async def ask(self, csms: Peer, card: str) -> bool:
        answer = await csms.call(v2.Authorize(id_token=v2.IdToken(id_token=card, type=_CARD)))
        return answer.id_token_info.status == "Accepted"

    async def beat(self, csms: Peer) -> None:
        await csms.call(v2.Heartbeat())

    async def tell(self, csms: Peer, fact: Fact) -> bool:
        if isinstance(fact, Shown):
            status = _STATES[fact.state]
            await csms.call(
                v2.StatusNotification(timestamp=fact.at, connector_status=status, evse_id=fact.outlet, connector_id=1)
            )
            return True
        answer = await csms.call(_event(fact))
        info = answer.id_token_info
        return not isinstance(info, v2.IdTokenInfo) or info.status == "Accepted"

    # What the management system asks.

    def _on_start(self, csms: Peer, call: v2.RequestStartTransaction) -> v2.RequestStartTransactionResponse:
        wanted = call.evse_id if isinstance(call.evse_id, int) else None
        found = self._station.wish(wanted, Wish(call.id_token.id_token, call.remote_start_id))
        return v2.RequestStartTransactionResponse(status="Rejected" if found is None else "Accepted")

    def _on_stop(self, csms: Peer, call: v2.RequestStopTransaction) -> v2.RequestStopTransactionResponse:
        for outlet in self._station.outlets:
            if outlet.session is not None and outlet.session.id == call.transaction_id:
                self._station.stop(outlet, Ending.REMOTE)
                return v2.RequestStopTransactionResponse(status="Accepted")
        return v2.RequestStopTransactionResponse(status="Rejected")

    def _on_transaction_status(self, csms: Peer, call: v2.GetTransactionStatus) -> v2.GetTransactionStatusResponse:
        if not isinstance(call.transaction_id, str):
            return v2.GetTransactionStatusResponse(messages_in_queue=self._station.has_facts)
        running = any(
            one.session is not None and one.session.id == call.transaction_id for one in self._station.outlets
        )
        return v2.GetTransactionStatusResponse(ongoing_indicator=running, messages_in_queue=self._station.has_facts)

    async def _on_reset(self, csms: Peer, call: v2.Reset) -> v2.ResetResponse:
        async def restart() -> None:
            self._station.restart()

        if isinstance(call.evse_id, int):
            return v2.ResetResponse(status="Rejected")
        csms.after_reply(restart)
        return v2.ResetResponse(status="Accepted")

    def _on_unlock(self, csms: Peer, call: v2.UnlockConnector) -> v2.UnlockConnectorResponse:
        outlet = self._station.outlet(call.evse_id)
        if outlet is None or call.connector_id != 1:
            return v2.UnlockConnectorResponse(status="UnknownConnector")
        # F05.FR.02: not while somebody charges.
        busy = outlet.session is not None
        return v2.UnlockConnectorResponse(status="OngoingAuthorizedTransaction" if busy else "Unlocked")

    def _on_availability(self, csms: Peer, call: v2.ChangeAvailability) -> v2.ChangeAvailabilityResponse:
        number = call.evse.id if isinstance(call.evse, v2.EVSE) else 0
        outlets = [one for one in self._station.outlets if number in (0, one.number)]
        if not outlets:
            return v2.ChangeAvailabilityResponse(status="Rejected")
        done = [self._station.set_operative(outlet, call.operational_status == "Operative") for outlet in outlets]
        return v2.ChangeAvailabilityResponse(status="Accepted" if all(done) else "Scheduled")

    def _on_trigger(self, csms: Peer, call: v2.TriggerMessage) -> v2.TriggerMessageResponse:
        match call.requested_message:
            case "StatusNotification":
                self._station.show_again()
            case "Heartbeat":

                async def beat() -> None:
                    await self.beat(csms)

                csms.after_reply(beat)
            case "BootNotification" if self._station.waits_for_approval:
                self._station.boot_now()
            case "BootNotification":

                async def boot() -> None:
                    await self.boot(csms)

                csms.after_reply(boot)
            case _:
                return v2.TriggerMessageResponse(status="NotImplemented")
        return v2.TriggerMessageResponse(status="Accepted")

    def _on_get(self, csms: Peer, call: v2.GetVariables) -> v2.GetVariablesResponse:
        results = []
        for asked in call.get_variable_data:
            found, known = self._find(asked.component, asked.variable)
            missing: v2.GetVariableStatus = "UnknownVariable" if known else "UnknownComponent"
            if found is None:
                results.append(
                    v2.GetVariableResult(attribute_status=missing, component=asked.component, variable=asked.variable)
                )
            elif asked.attribute_type not in ("Actual", UNSET):
                results.append(
                    v2.GetVariableResult(
                        attribute_status="NotSupportedAttributeType",
                        attribute_type=asked.attribute_type,
                        component=asked.component,
                        variable=asked.variable,
                    )
                )
            else:
                results.append(
                    v2.GetVariableResult(
                        attribute_status="Accepted",
                        attribute_value=found.value,
                        component=asked.component,
                        variable=asked.variable,
                    )
                )
        return v2.GetVariablesResponse(get_variable_result=tuple(results))

    def _on_set(self, csms: Peer, call: v2.SetVariables) -> v2.SetVariablesResponse:
        results = []
        for wanted in call.set_variable_data:
            found, known = self._find(wanted.component, wanted.variable)
            status: v2.SetVariableStatus
            if found is None:
                status = "UnknownVariable" if known else "UnknownComponent"
            elif found.mutability == "ReadOnly":
                status = "Rejected"
            else:
                found.value, status = wanted.attribute_value, "Accepted"
            results.append(
                v2.SetVariableResult(attribute_status=status, component=wanted.component, variable=wanted.variable)
            )
        return v2.SetVariablesResponse(set_variable_result=tuple(results))

    def _on_report(self, csms: Peer, call: v2.GetBaseReport) -> v2.GetBaseReportResponse:
        async def report() -> None:
            lines = tuple(_line(one) for one in self._variables)
            now = self._station.clock.now()
            await csms.call(v2.NotifyReport(request_id=call.request_id, generated_at=now, seq_no=0, report_data=lines))

        if call.report_base == "SummaryInventory":
            return v2.GetBaseReportResponse(status="NotSupported")
        csms.after_reply(report)
        return v2.GetBaseReportResponse(status="Accepted")

    def _find(self, component: v2.Component, variable: v2.Variable) -> tuple[_Variable | None, bool]:
        """The line of the device model, and whether at least the component is known."""
        evse = component.evse.id if isinstance(component.evse, v2.EVSE) else None
        same = [one for one in self._variables if one.component == component.name and one.evse == evse]
        return next((one for one in same if one.name == variable.name), None), bool(same)


def _line(one: _Variable) -> v2.ReportData:
    evse: v2.EVSE | UnsetType = UNSET
    if one.evse is not None:
        evse = v2.EVSE(id=one.evse, connector_id=1 if one.component == "Connector" else UNSET)
    return v2.ReportData(
        component=v2.Component(name=one.component, evse=evse),
        variable=v2.Variable(name=one.name),
        variable_attribute=(v2.VariableAttribute(value=one.value, mutability=one.mutability),),
        variable_characteristics=v2.VariableCharacteristics(
            data_type=one.kind, supports_monitoring=False, unit=one.unit or UNSET
        ),
    )


def _event(fact: Begun | Metered | Ended) -> v2.TransactionEvent:
    session = fact.session
    evse = v2.EVSE(id=session.outlet, connector_id=1)
    card = v2.IdToken(id_token=session.card, type=_CARD)
    match fact:
        case Begun():
            remote = session.remote_start_id
            return v2.TransactionEvent(
                event_type="Started",
                timestamp=fact.at,
                trigger_reason="Authorized" if remote is None else "RemoteStart",
                seq_no=fact.seq_no,
                offline=fact.offline,
                transaction_info=v2.Transaction(
                    transaction_id=session.id,
                    charging_state="EVConnected",
                    remote_start_id=UNSET if remote is None else remote,
                ),
                evse=evse,
                id_token=card,
                meter_value=_values(fact, "Transaction.Begin"),
            )
        case Metered():
            trigger: v2.TriggerReason = "MeterValuePeriodic" if session.told_charging else "ChargingStateChanged"
            session.told_charging = True
            return v2.TransactionEvent(
                event_type="Updated",
                timestamp=fact.at,
                trigger_reason=trigger,
                seq_no=fact.seq_no,
                offline=fact.offline,
                transaction_info=v2.Transaction(transaction_id=session.id, charging_state="Charging"),
                evse=evse,
                meter_value=_values(fact, "Sample.Periodic"),
            )
        case Ended():
            trigger, reason = _ENDINGS[fact.ending]
            return v2.TransactionEvent(
                event_type="Ended",
                timestamp=fact.at,
                trigger_reason=trigger,
                seq_no=fact.seq_no,
                offline=fact.offline,
                transaction_info=v2.Transaction(
                    transaction_id=session.id,
                    charging_state="EVConnected" if fact.ending is not Ending.CAR_FULL else "Idle",
                    stopped_reason=reason,
                ),
                evse=evse,
                id_token=card if fact.ending is Ending.DRIVER else UNSET,
                meter_value=_values(fact, "Transaction.End"),
            )


def _values(fact: Begun | Metered | Ended, context: v2.ReadingContext) -> tuple[v2.MeterValue, ...]:
    return (v2.MeterValue(timestamp=fact.at, sampled_value=_sampled(fact.sample, context)),)


def _sampled(sample: Sample, context: v2.ReadingContext) -> tuple[v2.SampledValue, ...]:
    def one(value: int | Decimal, measurand: v2.Measurand, unit: str, phase: v2.Phase | None = None) -> v2.SampledValue:
        return v2.SampledValue(
            value=Decimal(value),
            measurand=measurand,
            context=context,
            phase=UNSET if phase is None else phase,
            unit_of_measure=v2.UnitOfMeasure(unit=unit),
        )

    values = [
        one(sample.register_wh, "Energy.Active.Import.Register", "Wh"),
        one(sample.power_w, "Power.Active.Import", "W"),
        one(sample.voltage_v, "Voltage", "V"),
    ]
    if sample.phases == 1:
        values.append(one(sample.current_a, "Current.Import", "A"))
    else:
        values += [one(sample.current_a, "Current.Import", "A", phase) for phase in _PHASES]
    if sample.soc_percent is not None:
        values.append(one(sample.soc_percent, "SoC", "Percent"))
    return tuple(values)
