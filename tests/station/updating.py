"""A station whose maker has signed firmware for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, Version
from forecourt.station.blocks.certificates.model import Use
from forecourt.station.blocks.certificates.store import trust
from tests.station.rig import Rig
from tests.station.signing import MAKER

IMAGE = b"FORECOURT-FIRMWARE 2.0\nand what is in it"
URL = "https://firmware.example/2.0.bin"
SIGNER = MAKER.issue("Firmware signing")
SIGNATURE = SIGNER.sign(IMAGE)


def rig_of(version: Version, *, evses: int = 1, **more: Any) -> Rig:
    """A station that trusts its maker; the firmware lies ready."""
    rig = Rig(version, evses=evses, start=False, **more)
    trust(rig.powered.storage, Use.MANUFACTURER, MAKER.pem)
    rig.powered.storage.commit()
    rig.transfers.files[URL] = IMAGE
    rig.powered.power_on()
    rig.time.advance(5)
    rig.fresh()
    return rig


def asked(
    rig: Rig,
    *,
    request_id: int = 1,
    url: str = URL,
    signer: str | None = SIGNER.pem,
    signature: str | None = SIGNATURE,
    retrieve_in_s: float = -7200,
    install_in_s: float | None = -7200,
    retries: int | None = None,
) -> Any:
    """The request for an update, signed unless told otherwise."""
    now = rig.time.now()
    fields: dict[str, Any] = {
        "location": url,
        "retrieve_date_time": now + timedelta(seconds=retrieve_in_s),
        "install_date_time": UNSET if install_in_s is None else now + timedelta(seconds=install_in_s),
        "signing_certificate": UNSET if signer is None else signer,
        "signature": UNSET if signature is None else signature,
    }
    more: dict[str, Any] = {"retries": UNSET if retries is None else retries, "retry_interval": 30}
    if rig.version is V16:
        return v16.SignedUpdateFirmware(request_id=request_id, firmware=v16.Firmware(**fields), **more)
    return v2.UpdateFirmware(request_id=request_id, firmware=v2.Firmware(**fields), **more)


def update(rig: Rig, **more: Any) -> str:
    status: str = rig.ask(asked(rig, **more)).status
    return status


def told(rig: Rig) -> list[str]:
    """The statuses of the update, in order."""
    kind: Any = v16.SignedFirmwareStatusNotification if rig.version is V16 else v2.FirmwareStatusNotification
    return [one.status for one in rig.of(kind)]


def alarms(rig: Rig) -> list[str]:
    kind: Any = v16.SecurityEventNotification if rig.version is V16 else v2.SecurityEventNotification
    return [one.type for one in rig.of(kind)]


FETCHED = ["Downloading", "Downloaded", "SignatureVerified"]
DONE = [*FETCHED, "Installing", "InstallRebooting", "Installed"]
