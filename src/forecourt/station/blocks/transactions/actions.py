"""A session at a bay: the cable, the token, the contactor, and the transaction that is told of it.

Whatever happens changes the bay and then calls `settle`, which compares what holds now with what held before: that
decides whether energy may flow, and whether a transaction begins, goes on or ends. One thing that happens is one message.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Final

import msgspec

from forecourt.charging.ids import ConnectorId
from forecourt.charging.readings import Context, Reading
from forecourt.charging.tokens import Token
from forecourt.station import events
from forecourt.station.blocks.metering import actions as metering
from forecourt.station.blocks.transactions.model import DATA_SIGNED, REGISTERS, conditions
from forecourt.station.blocks.transactions.sampling import cancelled, sample_later
from forecourt.station.blocks.transactions.telling import register_wh_of, tell
from forecourt.station.core import Station
from forecourt.station.state import TRANSACTIONS, Authorization, Bay, Transaction

LOCK_FAILURE: Final = "ConnectorLockFailure"
VEHICLE_WAIT_S: Final = 10.0
"""How long a vehicle may take to draw energy before it counts as suspending."""


def settle(
    station: Station,
    bay: Bay,
    trigger: str,
    *,
    reason: str | None = None,
    stop_token: Token | None = None,
    readings: tuple[Reading, ...] = (),
) -> None:
    """Do and tell what follows from a change of the bay. `reason` is why the session ends, if it does."""
    if bay.resuming:
        trigger, bay.resuming = "TxResumed", False
    mind_power(station, bay)
    before, now = bay.conditions, conditions(bay)
    bay.conditions = now
    if reason is not None and bay.stop_reason is None:
        bay.stop_reason = reason
    model = station.model
    if bay.transaction is None:
        met = (now - before) & set(model.members("TxCtrlr", "TxStartPoint"))
        if met and _may_begin(station):
            _begin(station, bay, "SignedDataReceived" if met == {DATA_SIGNED} else trigger)
    else:
        lost = (before - now) & set(model.members("TxCtrlr", "TxStopPoint"))
        if lost == {DATA_SIGNED}:
            # What has happened is told first; the last reading comes signed after it.
            tell(station, bay, "Updated", trigger, stop_token=stop_token, readings=readings)
            end(station, bay, "SignedDataReceived", bay.stop_reason or "Local")
        elif lost:
            end(station, bay, trigger, bay.stop_reason or "Local", stop_token=stop_token)
        else:
            tell(station, bay, "Updated", trigger, stop_token=stop_token, readings=readings)
    station.announce(events.BayChanged(bay))


def end(station: Station, bay: Bay, trigger: str, reason: str, *, stop_token: Token | None = None) -> None:
    """Tell the last of a transaction and forget it. The bay stays occupied as long as the cable is in."""
    transaction = bay.transaction
    if transaction is None:
        return
    measurands = station.model.members("SampledDataCtrlr", "TxEndedMeasurands")
    signed = metering.signs(station, "SampledDataCtrlr")
    closing = metering.take(station, bay, measurands, Context.TRANSACTION_END, signed=signed)
    # Who has ended a transaction has to identify himself for the next one. The last state told is that without power.
    release(station, bay)
    mind_power(station, bay)
    station.announce(events.TransactionEnding(bay))
    tell(station, bay, "Ended", trigger, reason=reason, stop_token=stop_token, readings=closing, trail=bay.trail)
    told = bay.transaction
    station.storage.remove(TRANSACTIONS, transaction.id)
    if told is not None:
        station.storage.put(REGISTERS, str(bay.evse_id), told.last_wh)
    bay.transaction = None
    bay.trail = ()
    bay.stop_reason = None
    bay.finishing = bay.plugged is not None
    bay.suspended = False
    bay.sample_timer = cancelled(bay.sample_timer)
    bay.trail_timer = cancelled(bay.trail_timer)
    mind_power(station, bay)
    bay.conditions = conditions(bay)
    station.announce(events.TransactionEnded(bay))


def authorize(station: Station, bay: Bay, authorization: Authorization, trigger: str) -> None:
    """Give leave to charge; without a vehicle, for a while (E03, 1.6 ConnectionTimeOut)."""
    release(station, bay)
    bay.authorization = authorization
    bay.suspended = False
    bay.stop_reason = None
    if bay.plugged is None:
        _wait_for_vehicle(station, bay)
    station.announce(events.Authorized(bay))
    settle(station, bay, trigger)


def withdraw(station: Station, bay: Bay, trigger: str, reason: str, *, stop_token: Token | None = None) -> None:
    """Take the leave to charge back, for a reason."""
    release(station, bay)
    settle(station, bay, trigger, reason=reason, stop_token=stop_token)


def release(station: Station, bay: Bay) -> None:
    bay.authorization = None
    bay.connect_timer = cancelled(bay.connect_timer)


def _wait_for_vehicle(station: Station, bay: Bay) -> None:
    timeout_s = station.model.integer("TxCtrlr", "EVConnectionTimeOut")
    bay.connect_timer = station.after(timeout_s, lambda: _nobody_came(station, bay))


def _nobody_came(station: Station, bay: Bay) -> None:
    bay.connect_timer = None
    if bay.plugged is None and bay.authorization is not None:
        station.announce(events.NobodyCame(bay.authorization))
        withdraw(station, bay, "EVConnectTimeout", "Timeout")


def plugged(station: Station, bay: Bay, connector_id: ConnectorId) -> None:
    bay.plugged = connector_id
    bay.cable_left = None
    if bay.resuming:
        return
    bay.finishing = False
    bay.connect_timer = cancelled(bay.connect_timer)
    settle(station, bay, "CablePluggedIn")


def unplugged(station: Station, bay: Bay, *, cable_left: bool) -> None:
    """E09, E10, 1.6 section 4.10: whether that ends the session is configured."""
    if bay.fault == LOCK_FAILURE:
        bay.fault = None
    if bay.plugged is None:
        bay.cable_left = None
        station.announce(events.BayChanged(bay))
        return
    bay.cable_left = bay.plugged if cable_left else None
    ends = station.model.flag("TxCtrlr", "StopTxOnEVSideDisconnect")
    if station.model.flag("OCPPCommCtrlr", "UnlockOnEVSideDisconnect"):
        station.hardware.unlock(bay.evse_id, bay.plugged)
    bay.plugged = None
    bay.flows = False
    bay.finishing = False
    if ends or bay.transaction is None:
        release(station, bay)
    elif bay.authorization is not None and not cable_left:
        _wait_for_vehicle(station, bay)
    stopping = bay.stop_reason
    settle(station, bay, "EVCommunicationLost", reason="EVDisconnected")
    if bay.transaction is not None and not ends:
        bay.stop_reason = stopping


def parked(station: Station, bay: Bay, *, there: bool) -> None:
    """E01.S1, E06.S1: a vehicle has come into the parking bay, or left it."""
    bay.parked = there
    settle(station, bay, "EVDetected" if there else "EVDeparted")


def drawing(station: Station, bay: Bay, *, flows: bool) -> None:
    bay.waiting = False
    bay.wait_timer = cancelled(bay.wait_timer)
    bay.flows = flows
    settle(station, bay, "ChargingStateChanged", reason=None if flows or bay.starved else "StoppedByEV")
    if bay.transaction is not None and flows is False:
        bay.stop_reason = None


def interrupt(station: Station, bay: Bay, trigger: str, reason: str) -> None:
    """End a transaction whatever TxStopPoint says: there will be no later moment to do so."""
    if bay.transaction is not None:
        end(station, bay, trigger, reason)
    else:
        release(station, bay)
        settle(station, bay, trigger)


def refuse(station: Station, transaction_id: str) -> None:
    """The management system has refused the token of a running transaction (E05, 1.6 section 4.8)."""
    bay = by_id(station, transaction_id)
    if bay is None or bay.authorization is None or bay.authorization.invalid:
        return
    if station.model.flag("TxCtrlr", "StopTxOnInvalidId"):
        withdraw(station, bay, "Deauthorized", "DeAuthorized")
        return
    bay.authorization = msgspec.structs.replace(bay.authorization, invalid=True)
    settle(station, bay, "ChargingStateChanged")
    _until_used_up(station, bay)


def by_id(station: Station, transaction_id: str) -> Bay | None:
    """The bay where a transaction runs."""
    for bay in station.bays.values():
        if bay.transaction is not None and bay.transaction.id == transaction_id:
            return bay
    return None


def mention(station: Station, bay: Bay, trigger: str) -> None:
    """Tell that something has changed which is no state of the bay."""
    tell(station, bay, "Updated", trigger)


def report(station: Station, bay: Bay) -> None:
    """The present state again, with readings, because somebody asked."""
    measurands = station.model.members("SampledDataCtrlr", "TxUpdatedMeasurands")
    tell(station, bay, "Updated", "Trigger", readings=metering.take(station, bay, measurands, Context.TRIGGER))


# Inside.


def _begin(station: Station, bay: Bay, trigger: str) -> None:
    register_wh = station.hardware.measure(bay.evse_id).import_wh
    bay.transaction = Transaction(
        id=str(uuid.UUID(int=station.random.getrandbits(128), version=4)),
        evse_id=bay.evse_id,
        connector_id=bay.plugged or bay.outlets[0].connector_id,
        began_at=station.now(),
        begin_wh=register_wh,
        last_wh=register_wh,
    )
    bay.stop_reason = None
    model = station.model
    starts = metering.signs(station, "SampledDataCtrlr", "SignStartedReadings")
    measurands = model.members("SampledDataCtrlr", "TxStartedMeasurands")
    opening = metering.take(station, bay, measurands, Context.TRANSACTION_BEGIN, signed=starts)
    measurands = model.members("SampledDataCtrlr", "TxEndedMeasurands")
    signed = metering.signs(station, "SampledDataCtrlr")
    bay.trail = metering.take(station, bay, measurands, Context.TRANSACTION_BEGIN, signed=signed)
    tell(station, bay, "Started", trigger, readings=opening)
    sample_later(station, bay)
    station.announce(events.TransactionBegan(bay))


def _may_begin(station: Station) -> bool:
    """B01.FR.08, B02: before it is accepted only if TxBeforeAcceptedEnabled says so."""
    return station.accepted or station.model.flag("TxCtrlr", "TxBeforeAcceptedEnabled")


def mind_power(station: Station, bay: Bay) -> None:
    """Close or open the contactor as the bay's state asks. Energy for a refused token is what MaxEnergyOnInvalidId leaves."""
    authorization = bay.authorization
    may = (
        authorization is not None and bay.plugged is not None and bay.fault is None and not (bay.suspended or bay.spent)
    )
    if may and authorization is not None and authorization.invalid:
        may = _energy_left_wh(station, bay) > 0
    if may and not bay.closed and bay.plugged is not None:
        if not station.hardware.lock(bay.evse_id, bay.plugged):
            # Without a lock nothing begins (1.6 TC_024); pulling the plug mends it.
            bay.fault = LOCK_FAILURE
            station.announce(events.LockFailed(bay))
            release(station, bay)
            return
        bay.closed = bay.waiting = True
        station.hardware.close_contactor(bay.evse_id)
        bay.wait_timer = station.after(VEHICLE_WAIT_S, lambda: _vehicle_waits(station, bay))
    elif not may:
        cut_off(station, bay)
    if authorization is None and bay.plugged is not None and bay.transaction is None:
        station.hardware.unlock(bay.evse_id, bay.plugged)


def cut_off(station: Station, bay: Bay) -> None:
    """Let no energy flow any more."""
    if bay.closed:
        station.hardware.open_contactor(bay.evse_id)
        bay.closed = bay.flows = bay.waiting = False
        bay.wait_timer = cancelled(bay.wait_timer)


def _energy_left_wh(station: Station, bay: Bay) -> Decimal:
    """What MaxEnergyOnInvalidId leaves of the transaction's energy; never negative."""
    if bay.transaction is None:
        return Decimal(0)
    used_wh = register_wh_of(station, bay, bay.transaction) - bay.transaction.begin_wh
    return max(Decimal(0), station.model.integer("TxCtrlr", "MaxEnergyOnInvalidId") - used_wh)


def _until_used_up(station: Station, bay: Bay) -> None:
    """E05.FR.03: stop when the allowance of a refused token is used up, not before and hardly after."""
    authorization = bay.authorization
    if authorization is None or not authorization.invalid or not bay.closed:
        return
    if not _energy_left_wh(station, bay):
        settle(station, bay, "ChargingStateChanged")
        return
    # At the most that the EVSE can give there is nothing to be late for.
    wait_s = float(_energy_left_wh(station, bay)) * 3600 / bay.built.power_w
    station.after(max(1.0, wait_s), lambda: _until_used_up(station, bay))


def _vehicle_waits(station: Station, bay: Bay) -> None:
    bay.wait_timer = None
    if bay.waiting and not bay.flows:
        bay.waiting = False
        settle(station, bay, "ChargingStateChanged")
