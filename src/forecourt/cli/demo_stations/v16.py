"""What virtual stations say in OCPP 1.6, over WebSocket and SOAP alike."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from forecourt.cli.demo_stations.model import Begun, Ended, Ending, Fact, Sample, Shown, State
from forecourt.cli.demo_stations.station import Booted, Station, Wish
from forecourt.ocpp import v16
from forecourt.transport import Handlers, Peer

_STATES: Final = MappingProxyType[State, v16.ChargePointStatus](
    {
        State.AVAILABLE: "Available",
        State.PLUGGED: "Preparing",
        State.CHARGING: "Charging",
        State.SUSPENDED: "SuspendedEV",
        State.FINISHING: "Finishing",
        State.FAULTED: "Faulted",
        State.UNAVAILABLE: "Unavailable",
    }
)
_REASONS: Final = MappingProxyType[Ending, v16.Reason](
    {
        Ending.DRIVER: "Local",
        Ending.CAR_FULL: "EVDisconnected",
        Ending.REMOTE: "Remote",
        Ending.REFUSED: "DeAuthorized",
        Ending.FAULT: "Other",
        Ending.POWER_LOSS: "PowerLoss",
    }
)
_PHASES: Final[tuple[v16.Phase, ...]] = ("L1", "L2", "L3")


class Words16:
    """The words of one station."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._settings = {
            "HeartbeatInterval": str(int(station.pace.heartbeat_s)),
            "MeterValueSampleInterval": str(max(1, int(station.pace.sample_s))),
            "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"
            + (",SoC" if station.make.dc else ""),
            "NumberOfConnectors": str(station.make.outlets),
            "SupportedFeatureProfiles": "Core,RemoteTrigger",
            "ConnectionTimeOut": "60",
            "LocalPreAuthorize": "false",
            "StopTransactionOnInvalidId": "true",
        }
        self._read_only = {"NumberOfConnectors", "SupportedFeatureProfiles"}

    @property
    def handlers(self) -> Handlers:
        return {
            v16.RemoteStartTransaction: self._on_start,
            v16.RemoteStopTransaction: self._on_stop,
            v16.Reset: self._on_reset,
            v16.UnlockConnector: self._on_unlock,
            v16.ChangeAvailability: self._on_availability,
            v16.TriggerMessage: self._on_trigger,
            v16.GetConfiguration: self._on_get,
            v16.ChangeConfiguration: self._on_set,
            v16.ClearCache: lambda csms, call: v16.ClearCacheResponse(status="Rejected"),
            v16.DataTransfer: lambda csms, call: v16.DataTransferResponse(status="UnknownVendorId"),
        }

    async def boot(self, csms: Peer) -> Booted:
        make = self._station.make
        answer = await csms.call(
            v16.BootNotification(
                charge_point_vendor=make.vendor,
                charge_point_model=make.model,
                charge_point_serial_number=make.identity,
                firmware_version=make.firmware,
            )
        )
        return Booted(answer.status, answer.interval)

    async def ask(self, csms: Peer, card: str) -> bool:
        return (await csms.call(v16.Authorize(id_tag=card))).id_tag_info.status == "Accepted"

    async def beat(self, csms: Peer) -> None:
        await csms.call(v16.Heartbeat())

    async def tell(self, csms: Peer, fact: Fact) -> bool:
        match fact:
            case Shown():
                await csms.call(
                    v16.StatusNotification(
                        connector_id=fact.outlet,
                        error_code="GroundFailure" if fact.state is State.FAULTED else "NoError",
                        status=_STATES[fact.state],
                        timestamp=fact.at,
                    )
                )
                return True
            case Begun():
                started = await csms.call(
                    v16.StartTransaction(
                        connector_id=fact.session.outlet,
                        id_tag=fact.session.card,
                        meter_start=fact.sample.register_wh,
                        timestamp=fact.at,
                    )
                )
                fact.session.number = started.transaction_id
                return started.id_tag_info.status == "Accepted"
            case Ended():
                if fact.session.number is None:
                    # The power went before the management system had named it, which has therefore never heard of it.
                    return True
                await csms.call(
                    v16.StopTransaction(
                        transaction_id=fact.session.number,
                        id_tag=fact.session.card,
                        meter_stop=fact.sample.register_wh,
                        timestamp=fact.at,
                        reason=_REASONS[fact.ending],
                    )
                )
                return True
            case _:
                values = v16.MeterValue(timestamp=fact.at, sampled_value=_sampled(fact.sample))
                await csms.call(
                    v16.MeterValues(
                        connector_id=fact.session.outlet, transaction_id=fact.session.number or 0, meter_value=(values,)
                    )
                )
                return True

    # What the management system asks.

    def _on_start(self, csms: Peer, call: v16.RemoteStartTransaction) -> v16.RemoteStartTransactionResponse:
        wanted = call.connector_id if isinstance(call.connector_id, int) else None
        found = self._station.wish(wanted, Wish(call.id_tag))
        return v16.RemoteStartTransactionResponse(status="Rejected" if found is None else "Accepted")

    def _on_stop(self, csms: Peer, call: v16.RemoteStopTransaction) -> v16.RemoteStopTransactionResponse:
        for outlet in self._station.outlets:
            if outlet.session is not None and outlet.session.number == call.transaction_id:
                self._station.stop(outlet, Ending.REMOTE)
                return v16.RemoteStopTransactionResponse(status="Accepted")
        return v16.RemoteStopTransactionResponse(status="Rejected")

    async def _on_reset(self, csms: Peer, call: v16.Reset) -> v16.ResetResponse:
        async def restart() -> None:
            self._station.restart()

        csms.after_reply(restart)
        return v16.ResetResponse(status="Accepted")

    def _on_unlock(self, csms: Peer, call: v16.UnlockConnector) -> v16.UnlockConnectorResponse:
        outlet = self._station.outlet(call.connector_id)
        if outlet is None:
            return v16.UnlockConnectorResponse(status="NotSupported")
        self._station.stop(outlet, Ending.REMOTE)
        return v16.UnlockConnectorResponse(status="Unlocked")

    def _on_availability(self, csms: Peer, call: v16.ChangeAvailability) -> v16.ChangeAvailabilityResponse:
        outlets = [one for one in self._station.outlets if call.connector_id in (0, one.number)]
        if not outlets:
            return v16.ChangeAvailabilityResponse(status="Rejected")
        done = [self._station.set_operative(outlet, call.type == "Operative") for outlet in outlets]
        return v16.ChangeAvailabilityResponse(status="Accepted" if all(done) else "Scheduled")

    def _on_trigger(self, csms: Peer, call: v16.TriggerMessage) -> v16.TriggerMessageResponse:
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
                return v16.TriggerMessageResponse(status="NotImplemented")
        return v16.TriggerMessageResponse(status="Accepted")

    def _on_get(self, csms: Peer, call: v16.GetConfiguration) -> v16.GetConfigurationResponse:
        wanted = call.key if isinstance(call.key, tuple) and call.key else tuple(self._settings)
        known = tuple(
            v16.KeyValue(key=key, readonly=key in self._read_only, value=self._settings[key])
            for key in wanted
            if key in self._settings
        )
        unknown = tuple(key for key in wanted if key not in self._settings)
        return v16.GetConfigurationResponse(configuration_key=known, unknown_key=unknown)

    def _on_set(self, csms: Peer, call: v16.ChangeConfiguration) -> v16.ChangeConfigurationResponse:
        if call.key not in self._settings:
            return v16.ChangeConfigurationResponse(status="NotSupported")
        if call.key in self._read_only:
            return v16.ChangeConfigurationResponse(status="Rejected")
        self._settings[call.key] = call.value
        return v16.ChangeConfigurationResponse(status="Accepted")


def _sampled(sample: Sample) -> tuple[v16.SampledValue, ...]:
    register = v16.SampledValue(
        value=str(sample.register_wh),
        measurand="Energy.Active.Import.Register",
        unit="Wh",
        context="Sample.Periodic",
    )
    values = [
        register,
        v16.SampledValue(value=str(sample.power_w), measurand="Power.Active.Import", unit="W"),
        v16.SampledValue(value=str(sample.voltage_v), measurand="Voltage", unit="V"),
    ]
    if sample.phases == 1:
        values.append(v16.SampledValue(value=str(sample.current_a), measurand="Current.Import", unit="A"))
    else:
        values += [
            v16.SampledValue(value=str(sample.current_a), measurand="Current.Import", phase=phase, unit="A")
            for phase in _PHASES
        ]
    if sample.soc_percent is not None:
        values.append(v16.SampledValue(value=str(sample.soc_percent), measurand="SoC", unit="Percent", location="EV"))
    return tuple(values)
