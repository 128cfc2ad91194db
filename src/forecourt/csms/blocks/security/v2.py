"""Security in the words of 2.0.1 and 2.1."""

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
from forecourt.ocpp import v2

_TAKING = {"Accepted": Taking.TAKEN, "RebootRequired": Taking.AFTER_REBOOT}


async def on_security_event(
    link: Link, work: Work, call: v2.SecurityEventNotification
) -> v2.SecurityEventNotificationResponse:
    """A04."""
    tech_info = "" if call.tech_info is UNSET else call.tech_info
    actions.reported(work, link.station, call.type, call.timestamp, tech_info)
    return v2.SecurityEventNotificationResponse()


def refuse_signing(call: v2.SignCertificate) -> v2.SignCertificateResponse:
    """A02.FR.12: we cannot process it."""
    return v2.SignCertificateResponse(
        status="Rejected",
        status_info=v2.StatusInfo(
            reason_code="UnsupportedRequest", additional_info="no certificate authority is set up"
        ),
    )


async def say_rotate_password(block: Security, link: Link, command: RotatePassword) -> Outcome:
    """A01.FR.02."""

    async def give(password: str) -> tuple[Taking, str]:
        data = v2.SetVariableData(
            component=v2.Component(name="SecurityCtrlr"),
            variable=v2.Variable(name="BasicAuthPassword"),
            attribute_value=password,
        )
        reply = await link.call(v2.SetVariables(set_variable_data=(data,)))
        status = reply.set_variable_result[0].attribute_status
        return _TAKING.get(status, Taking.REFUSED), status

    return await rotation.rotate(block, link, give)


HEARS: Hears = {
    v2.SecurityEventNotification: on_security_event,
    v2.SignCertificate: Later("certificates", refuse_signing),
}


def says(block: Security) -> Says:
    """What is said, and by whom."""
    return {RotatePassword: Said((v2.SetVariables,), partial(say_rotate_password, block))}
