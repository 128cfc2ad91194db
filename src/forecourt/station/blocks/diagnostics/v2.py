"""Logs in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.blocks.diagnostics import actions
from forecourt.station.blocks.diagnostics.model import Kind, LogStatus
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says

_KINDS: Final = {"DiagnosticsLog": Kind.DIAGNOSTICS, "SecurityLog": Kind.SECURITY}


def on_get_log(station: Station, call: v2.GetLog) -> v2.GetLogResponse:
    """N01. There is no log of a data collector (2.1)."""
    kind = _KINDS.get(call.log_type)
    if kind is None:
        return v2.GetLogResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="UnsupportedParam"))
    log = call.log
    status, name = actions.upload(
        station,
        kind,
        log.remote_location,
        request_id=call.request_id,
        retries=None if call.retries is UNSET else call.retries,
        interval_s=None if call.retry_interval is UNSET else call.retry_interval,
        oldest=None if log.oldest_timestamp is UNSET else log.oldest_timestamp,
        latest=None if log.latest_timestamp is UNSET else log.latest_timestamp,
    )
    return v2.GetLogResponse(status=cast(v2.LogStatus, status), filename=UNSET if name is None else name)


def say_status(station: Station, told: LogStatus) -> v2.LogStatusNotification:
    return v2.LogStatusNotification(
        status=cast(v2.UploadLogStatus, told.status),
        request_id=UNSET if told.request_id is None else told.request_id,
    )


HEARS: Final[Hears] = {v2.GetLog: on_get_log}
SAYS: Final[Says] = {LogStatus: Said(v2.LogStatusNotification, say_status)}
