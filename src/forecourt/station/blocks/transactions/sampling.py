"""Readings on the way: at intervals, by the clock, and those that are collected for the end."""

from __future__ import annotations

from forecourt.charging.readings import Context
from forecourt.clock import Timer
from forecourt.station.blocks.metering import actions as metering
from forecourt.station.blocks.transactions.telling import tell
from forecourt.station.core import Station
from forecourt.station.state import Bay


def sample_later(station: Station, bay: Bay) -> None:
    """J02: readings at the configured intervals for as long as the transaction runs."""
    bay.sample_timer = cancelled(bay.sample_timer)
    bay.trail_timer = cancelled(bay.trail_timer)
    model = station.model
    if bay.transaction is None or not model.flag("SampledDataCtrlr", "Enabled"):
        return
    if (interval_s := model.integer("SampledDataCtrlr", "TxUpdatedInterval")) > 0:
        bay.sample_timer = station.after(interval_s, lambda: _sample(station, bay))
    if (interval_s := model.integer("SampledDataCtrlr", "TxEndedInterval")) > 0:
        bay.trail_timer = station.after(interval_s, lambda: _collect(station, bay))


def _sample(station: Station, bay: Bay) -> None:
    model = station.model
    measurands = model.members("SampledDataCtrlr", "TxUpdatedMeasurands")
    signed = metering.signs(station, "SampledDataCtrlr", "SignUpdatedReadings")
    if found := metering.take(station, bay, measurands, Context.SAMPLE_PERIODIC, signed=signed):
        tell(station, bay, "Updated", "MeterValuePeriodic", readings=found)
    interval_s = model.integer("SampledDataCtrlr", "TxUpdatedInterval")
    bay.sample_timer = station.after(interval_s, lambda: _sample(station, bay)) if interval_s else None


def _collect(station: Station, bay: Bay) -> None:
    model = station.model
    measurands = model.members("SampledDataCtrlr", "TxEndedMeasurands")
    signed = metering.signs(station, "SampledDataCtrlr")
    bay.trail += metering.take(station, bay, measurands, Context.SAMPLE_PERIODIC, signed=signed)
    interval_s = model.integer("SampledDataCtrlr", "TxEndedInterval")
    bay.trail_timer = station.after(interval_s, lambda: _collect(station, bay)) if interval_s else None


def aligned(station: Station) -> None:
    """J01 in a transaction."""
    model = station.model
    signed = metering.signs(station, "AlignedDataCtrlr", "SignUpdatedReadings")
    for bay in station.bays.values():
        if bay.transaction is None:
            continue
        measurands = model.members("AlignedDataCtrlr", "Measurands")
        now = metering.take(station, bay, measurands, Context.SAMPLE_CLOCK, signed=signed)
        if now and not model.flag("AlignedDataCtrlr", "SendDuringIdle"):
            tell(station, bay, "Updated", "MeterValueClock", readings=now)


def aligned_trail(station: Station) -> None:
    """J01 for the end of a transaction."""
    measurands = station.model.members("AlignedDataCtrlr", "TxEndedMeasurands")
    signed = metering.signs(station, "AlignedDataCtrlr")
    for bay in station.bays.values():
        if bay.transaction is not None:
            bay.trail += metering.take(station, bay, measurands, Context.SAMPLE_CLOCK, signed=signed)


def cancelled(timer: Timer | None) -> Timer | None:
    """Nothing, in place of a timer that is not to run any more."""
    if timer is not None:
        timer.cancel()
    return None
