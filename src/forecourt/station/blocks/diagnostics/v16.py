"""Logs in the words of 1.6: GetDiagnostics, and GetLog of the security whitepaper."""

from __future__ import annotations

from typing import Final, TypeVar, cast

from msgspec import UNSET, UnsetType

from forecourt.ocpp import v16
from forecourt.station.blocks.diagnostics import actions
from forecourt.station.blocks.diagnostics.model import Kind, LogStatus
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says

T = TypeVar("T")

_DIAGNOSTICS: Final = {"Idle": "Idle", "Uploading": "Uploading", "Uploaded": "Uploaded"}


def on_get_diagnostics(station: Station, call: v16.GetDiagnostics) -> v16.GetDiagnosticsResponse:
    """Section 5.9: without a file name there is nothing to upload."""
    _, name = actions.upload(
        station,
        Kind.DIAGNOSTICS,
        call.location,
        request_id=None,
        retries=_given(call.retries),
        interval_s=_given(call.retry_interval),
        oldest=_given(call.start_time),
        latest=_given(call.stop_time),
    )
    return v16.GetDiagnosticsResponse(file_name=UNSET if name is None else name)


def on_get_log(station: Station, call: v16.GetLog) -> v16.GetLogResponse:
    """Whitepaper, 4.5 (N01)."""
    status, name = actions.upload(
        station,
        Kind(call.log_type),
        call.log.remote_location,
        request_id=call.request_id,
        retries=_given(call.retries),
        interval_s=_given(call.retry_interval),
        oldest=_given(call.log.oldest_timestamp),
        latest=_given(call.log.latest_timestamp),
    )
    return v16.GetLogResponse(status=cast(v16.LogStatus, status), filename=UNSET if name is None else name)


def say_status(
    station: Station, told: LogStatus
) -> v16.DiagnosticsStatusNotification | v16.LogStatusNotification | None:
    """1.6 has one word for all failures of a diagnostics upload, and none for a log that gave way to another."""
    if told.diagnostics:
        word = _DIAGNOSTICS.get(told.status, "UploadFailed")
        return v16.DiagnosticsStatusNotification(status=cast(v16.DiagnosticsStatus, word))
    if told.status == "AcceptedCanceled":
        return None
    return v16.LogStatusNotification(
        status=cast(v16.UploadLogStatus, told.status),
        request_id=UNSET if told.request_id is None else told.request_id,
    )


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value


HEARS: Final[Hears] = {v16.GetDiagnostics: on_get_diagnostics, v16.GetLog: on_get_log}
SAYS: Final[Says] = {LogStatus: Said(v16.LogStatusNotification, say_status)}
