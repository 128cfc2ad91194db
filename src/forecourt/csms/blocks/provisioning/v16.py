"""Provisioning in the words of 1.6: configuration keys, which are variables here, and two kinds of reset."""

from __future__ import annotations

from functools import partial
from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.csms.blocks.provisioning import actions, boots
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.boots import Boot
from forecourt.csms.blocks.provisioning.commands import (
    GetVariables,
    RequestBoot,
    RequestReport,
    Reset,
    ResetKind,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.keys import NUMBER_OF_CONNECTORS, key_of, reported, value_there
from forecourt.csms.blocks.provisioning.model import Attribute, Given, Got, Name, Reported, Taken, VariableStatus
from forecourt.csms.blocks.provisioning.rules import in_messages
from forecourt.csms.blocks.provisioning.saying import keep_reported, keep_set, outcome_of, room_for
from forecourt.csms.stations import profiles
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.work import Work
from forecourt.errors import Invalid
from forecourt.ocpp import v16

_SECURITY_PROFILE = "securityprofile"

_RESETS = {ResetKind.IMMEDIATE: "Hard", ResetKind.ON_IDLE: "Soft"}

_STATUSES = {
    "Accepted": VariableStatus.ACCEPTED,
    "RebootRequired": VariableStatus.REBOOT_REQUIRED,
    "Rejected": VariableStatus.REJECTED,
    # Section 5.3: the key is not one of this station's.
    "NotSupported": VariableStatus.UNKNOWN_VARIABLE,
}


async def on_boot_notification(
    block: Provisioning, link: Link, work: Work, call: v16.BootNotification
) -> v16.BootNotificationResponse:
    """Section 4.2."""
    details = {
        "chargeBoxSerialNumber": call.charge_box_serial_number,
        "iccid": call.iccid,
        "imsi": call.imsi,
        "meterType": call.meter_type,
        "meterSerialNumber": call.meter_serial_number,
    }
    said = Boot(
        vendor=call.charge_point_vendor,
        model=call.charge_point_model,
        serial_number=_text(call.charge_point_serial_number) or _text(call.charge_box_serial_number),
        firmware_version=_text(call.firmware_version),
        details={name: value for name, value in details.items() if isinstance(value, str)},
    )
    told = await boots.boot(block, link, work, said)
    return v16.BootNotificationResponse(status=told.registration.value, current_time=work.now, interval=told.interval_s)


async def say_get_variables(block: Provisioning, link: Link, command: GetVariables) -> Outcome:
    """Section 5.8, with as many keys at a time as the station takes."""
    keys = {name: key for name in command.variables if (key := key_of(name)) is not None}
    room = await room_for(block, link.station, "GetVariables")
    # Names of the same key are one question.
    asked = {key.casefold(): key for key in keys.values()}
    found: dict[str, Reported | None] = {}
    for some in in_messages(asked.values(), room, size_of=len, same=str.casefold):
        reply = await link.call(v16.GetConfiguration(key=some))
        told = _told(reply)
        await keep_reported(block, link.station, told)
        by_path = {one.name.path: one for one in told}
        found |= {key.casefold(): by_path.get(_path(key)) for key in some}
    return outcome_of([_got(name, keys.get(name), found) for name in command.variables])


async def say_set_variables(block: Provisioning, link: Link, command: SetVariables) -> Outcome:
    """Section 5.3, one ChangeConfiguration for each value."""
    results: list[Taken] = []
    for given in command.values:
        key = key_of(given.name)
        if key is None:
            results.append(_taken(given, _unknown(given.name), "OCPP 1.6 has no such configuration key"))
            continue
        value = value_there(key, given.value)
        reply = await _change(block, link, key, value)
        result = _taken(given, _STATUSES[reply.status], reply.status)
        # At once: what comes after it may fail.
        await keep_set(block, link.station, (result,), ((given.name, given.value),))
        results.append(result)
    return outcome_of(results)


async def _change(block: Provisioning, link: Link, key: str, value: str) -> v16.ChangeConfigurationResponse:
    message = v16.ChangeConfiguration(key=key, value=value)
    if key.casefold() != _SECURITY_PROFILE:
        return await link.call(message)
    # Whitepaper, A05: the station connects anew with the higher profile at once.
    earlier = await profiles.offer(block.store, link.station, value)
    reply = await link.call(message)
    if reply.status not in ("Accepted", "RebootRequired"):
        await profiles.withdraw(block.store, link.station, earlier)
    return reply


async def say_request_report(block: Provisioning, link: Link, command: RequestReport) -> Outcome:
    """1.6 has one report, of all keys, told at once (section 5.8 without keys). Nothing else can be asked for."""
    if command.base is None:
        raise Invalid("report_not_in_this_version", "OCPP 1.6 reports all configuration keys, or those read by name")
    told = _told(await link.call(v16.GetConfiguration()))
    connectors = next((one.value for one in told if one.name == NUMBER_OF_CONNECTORS), None)
    number = int(connectors) if connectors and connectors.isascii() and connectors.isdecimal() else None
    async with block.store.work(link.station.key) as work:
        await actions.record_everything(work, link.station, told, number)
    return Outcome.accepted(variables=len(told))


async def say_reset(link: Link, command: Reset) -> Outcome:
    """Section 5.14. A soft reset ends transactions, where OnIdle of 2.x waits for their end."""
    kind = _RESETS.get(command.type)
    if kind is None or command.evse_id is not None:
        raise Invalid("reset_not_in_this_version", "OCPP 1.6 resets the whole station, and resumes no transactions")
    reply = await link.call(v16.Reset(type=cast(v16.ResetType, kind)))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


async def say_request_boot(link: Link, command: RequestBoot) -> Outcome:
    """Errata 3.40: not once it is accepted."""
    if link.station.registration is Registration.ACCEPTED:
        raise Invalid("accepted_already", "the station is accepted; it boots again after a reset")
    reply = await link.call(v16.TriggerMessage(requested_message="BootNotification"))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


def _told(reply: v16.GetConfigurationResponse) -> list[Reported]:
    settings = () if reply.configuration_key is UNSET else reply.configuration_key
    return reported((one.key, None if one.value is UNSET else one.value, one.readonly) for one in settings)


def _path(key: str) -> str:
    (one,) = reported([(key, None, False)])
    return one.name.path


def _got(name: Name, key: str | None, found: dict[str, Reported | None]) -> Got:
    one = None if key is None else found.get(key.casefold())
    if one is None:
        status = _unknown(name) if key is None else VariableStatus.UNKNOWN_VARIABLE
        return Got(name.component, name.variable, name.attribute, status)
    limit = one.characteristics.max_limit if one.characteristics else None
    reason = "" if limit is None else f"maxLimit {msgspec.to_builtins(limit)}"
    return Got(name.component, name.variable, name.attribute, VariableStatus.ACCEPTED, one.value, reason)


def _taken(given: Given, status: VariableStatus, reason: str) -> Taken:
    said = "" if status is VariableStatus.ACCEPTED else reason
    return Taken(given.component, given.variable, given.attribute, status, said)


def _unknown(name: Name) -> VariableStatus:
    """Why a variable is no configuration key."""
    if name.attribute is not Attribute.ACTUAL:
        return VariableStatus.NOT_SUPPORTED_ATTRIBUTE
    return VariableStatus.UNKNOWN_VARIABLE if name.component.evse_id is None else VariableStatus.UNKNOWN_COMPONENT


def _text(value: str | UnsetType) -> str:
    return "" if value is UNSET else value


def hears(block: Provisioning) -> Hears:
    """What is heard, and by whom."""
    return {v16.BootNotification: partial(on_boot_notification, block)}


def says(block: Provisioning) -> Says:
    """What is said, and by whom."""
    return {
        GetVariables: Said((v16.GetConfiguration,), partial(say_get_variables, block)),
        SetVariables: Said((v16.ChangeConfiguration,), partial(say_set_variables, block)),
        RequestReport: Said((v16.GetConfiguration,), partial(say_request_report, block)),
        Reset: Said((v16.Reset,), say_reset),
        RequestBoot: Said((v16.TriggerMessage,), say_request_boot),
    }
