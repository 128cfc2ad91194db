"""Security in the words of 1.6 with the security whitepaper."""

from __future__ import annotations

from functools import partial

from msgspec import UNSET

from forecourt.csms.blocks.security import actions, rotation
from forecourt.csms.blocks.security.model import RotatePassword
from forecourt.csms.blocks.security.rotation import Security, Taking
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Later, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16

_TAKING = {"Accepted": Taking.TAKEN, "RebootRequired": Taking.AFTER_REBOOT}


async def on_security_event(
    link: Link, work: Work, call: v16.SecurityEventNotification
) -> v16.SecurityEventNotificationResponse:
    """Whitepaper A04."""
    tech_info = "" if call.tech_info is UNSET else call.tech_info
    actions.reported(work, link.station, call.type, call.timestamp, tech_info)
    return v16.SecurityEventNotificationResponse()


def refuse_signing(call: v16.SignCertificate) -> v16.SignCertificateResponse:
    """Whitepaper A02.FR.12: we cannot process it."""
    return v16.SignCertificateResponse(status="Rejected")


async def say_rotate_password(block: Security, link: Link, command: RotatePassword) -> Outcome:
    """Whitepaper A01. The key is sent as hexadecimal digits, at most 40 (J errata 3.12)."""

    async def give(password: str) -> tuple[Taking, str]:
        reply = await link.call(v16.ChangeConfiguration(key="AuthorizationKey", value=password))
        return _TAKING.get(reply.status, Taking.REFUSED), reply.status

    return await rotation.rotate(block, link, give)


HEARS: Hears = {
    v16.SecurityEventNotification: on_security_event,
    v16.SignCertificate: Later("certificates", refuse_signing),
}


def says(block: Security) -> Says:
    """What is said, and by whom."""
    return {RotatePassword: Said((v16.ChangeConfiguration,), partial(say_rotate_password, block))}
