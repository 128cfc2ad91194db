"""The words of logs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """LogEnumType, but for what we do not keep."""

    DIAGNOSTICS = "DiagnosticsLog"
    SECURITY = "SecurityLog"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A log that is to be uploaded. Without `request_id` it was asked for with GetDiagnostics.

    After a failure it is tried `retries` times more, `interval_s` seconds after the last attempt began.
    """

    kind: Kind
    url: str
    name: str
    retries: int
    interval_s: int
    request_id: int | None = None
    oldest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatus:
    """LogStatusNotification, in 1.6 DiagnosticsStatusNotification where `diagnostics`; a word of UploadLogStatusEnumType."""

    status: str
    request_id: int | None
    diagnostics: bool = False
    triggered: bool = False
