"""The words of firmware updates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Phase(StrEnum):
    """How far an update is, as it must be known after a power cut. What was fetched is fetched again."""

    FETCHING = "Fetching"
    INSTALLING = "Installing"
    ACTIVATING = "Activating"


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """An update that was accepted. Without `request_id` it is the UpdateFirmware of plain 1.6.

    After a failure the file is asked for `retries` times more, `interval_s` seconds after the last attempt began.
    `signer` (PEM, leaf first) and `signature` (base64) are None where nothing was signed.
    """

    url: str
    retries: int
    interval_s: int
    retrieve_at: datetime
    install_at: datetime | None = None
    request_id: int | None = None
    signer: str | None = None
    signature: str | None = None
    phase: Phase = Phase.FETCHING


class FirmwareStatus(msgspec.Struct, frozen=True, kw_only=True):
    """FirmwareStatusNotification, in 1.6 SignedFirmwareStatusNotification unless `plain`; a word of FirmwareStatusEnumType."""

    status: str
    request_id: int | None = None
    plain: bool = False
    triggered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a management system asks to be installed; see Update. None where it leaves something to us."""

    url: str
    retrieve_at: datetime
    install_at: datetime | None = None
    retries: int | None = None
    interval_s: int | None = None
    request_id: int | None = None
    signer: str | None = None
    signature: str | None = None
