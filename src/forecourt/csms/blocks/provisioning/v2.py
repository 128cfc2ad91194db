"""Provisioning in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import UNSET

from forecourt.csms.blocks.provisioning import actions, boots
from forecourt.csms.blocks.provisioning.actions import Provisioning
from forecourt.csms.blocks.provisioning.boots import Boot
from forecourt.csms.blocks.provisioning.commands import (
    GetVariables,
    RequestBoot,
    RequestReport,
    Reset,
    SetNetworkProfile,
    SetVariables,
)
from forecourt.csms.blocks.provisioning.inventory import EMPTY
from forecourt.csms.blocks.provisioning.model import DONE, Attribute, Given, Got, Name, Taken
from forecourt.csms.blocks.provisioning.rules import in_messages
from forecourt.csms.blocks.provisioning.saying import keep_read, keep_set, outcome_of, room_for
from forecourt.csms.blocks.provisioning.words import v2 as words
from forecourt.csms.stations import profiles
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Registration
from forecourt.csms.store.work import Work
from forecourt.errors import AnsweredError, Invalid, Offline
from forecourt.ocpp import v2
from forecourt.ocpp.errors import LocalProtocolError

T = TypeVar("T")
R = TypeVar("R")

_NETWORK: Final = "networkconfiguration["
_SECURITY: Final = "/securityprofile"

_TOO_MUCH: Final = frozenset(
    {"OccurrenceConstraintViolation", "OccurenceConstraintViolation", "FormatViolation", "FormationViolation"}
)
"""Codes that a station may answer to more items or bytes than it takes (B06.FR.16, B06.FR.17)."""


async def on_boot_notification(
    block: Provisioning, link: Link, work: Work, call: v2.BootNotification
) -> v2.BootNotificationResponse:
    """B01, B02, B03."""
    station = call.charging_station
    modem = {} if station.modem is UNSET else {"iccid": station.modem.iccid, "imsi": station.modem.imsi}
    said = Boot(
        vendor=station.vendor_name,
        model=station.model,
        serial_number=words.text(station.serial_number),
        firmware_version=words.text(station.firmware_version),
        reason=call.reason,
        details={name: value for name, value in modem.items() if isinstance(value, str)},
        names_certificate=True,
    )
    told = await boots.boot(block, link, work, said)
    return v2.BootNotificationResponse(current_time=work.now, interval=told.interval_s, status=told.registration.value)


async def on_notify_report(link: Link, work: Work, call: v2.NotifyReport) -> v2.NotifyReportResponse:
    """B07.FR.03, B08.FR.03."""
    actions.clock_seen(work, link.station, call.generated_at)
    data = () if call.report_data is UNSET else call.report_data
    reported = [one for item in data for one in words.reported(item)]
    await actions.record_part(work, link.station, call.request_id, call.seq_no, call.tbc is True, reported)
    return v2.NotifyReportResponse()


async def say_get_variables(block: Provisioning, link: Link, command: GetVariables) -> Outcome:
    """B06."""
    room = await room_for(block, link.station, "GetVariables")
    asked = {name: words.read_request(name) for name in command.variables}

    async def ask(names: Sequence[Name]) -> list[Got]:
        reply = await link.call(v2.GetVariables(get_variable_data=tuple(asked[name] for name in names)))
        results = {_key(words.name_of(one)): one for one in reply.get_variable_result}
        got = [words.got(name, results.get(_key(name))) for name in names]
        await keep_read(block, link.station, got)
        return got

    results: list[Got] = []
    for some in in_messages(asked, room, size_of=lambda name: words.size_of(asked[name]), same=_key):
        results += await _in_halves(some, ask)
    return outcome_of(results)


async def say_set_variables(block: Provisioning, link: Link, command: SetVariables) -> Outcome:
    """B05. In 2.1 a network profile is variables as well (B09.FR.29); what holds for its security profile is in A05."""
    raising = [
        one for one in command.values if one.name.path.startswith(_NETWORK) and one.name.path.endswith(_SECURITY)
    ]
    earlier = link.station.credentials.offered_profile
    for one in raising:
        await profiles.offer(block.store, link.station, one.value)
    room = await room_for(block, link.station, "SetVariables")
    data = {one: words.set_request(one.name, one.value) for one in command.values}

    async def ask(given: Sequence[Given]) -> list[Taken]:
        reply = await link.call(v2.SetVariables(set_variable_data=tuple(data[one] for one in given)))
        results = {_key(words.name_of(one)): one for one in reply.set_variable_result}
        taken = [words.taken(one.name, results.get(_key(one.name))) for one in given]
        await keep_set(block, link.station, taken, [(one.name, one.value) for one in given])
        return taken

    results: list[Taken] = []
    for some in in_messages(
        command.values, room, size_of=lambda one: words.size_of(data[one]), same=lambda one: _key(one.name)
    ):
        results += await _in_halves(some, ask)
    done = {_key(one.name) for one in results if one.status in DONE}
    if raising and not any(_key(one.name) in done for one in raising):
        await profiles.withdraw(block.store, link.station, earlier)
    return outcome_of(results)


async def say_request_report(block: Provisioning, link: Link, command: RequestReport) -> Outcome:
    """B07, B08. It runs until the last part has come."""
    room = await room_for(block, link.station, "GetReport")
    if len(command.variables) > room.items:
        # B08.FR.06. A report has one number, so it cannot be asked for in pieces.
        raise Invalid("report_too_long", f"the station takes {room.items} variables in one request for a report")
    async with block.store.work(link.station.key) as work:
        request_id = await actions.expect_report(work, link.station, command.base)
    try:
        status, details = await _ask_for_report(link, command, request_id)
    except (AnsweredError, LocalProtocolError, Offline) as error:
        # Where no answer came in time, the report may come all the same.
        await _give_up(block, link, request_id, str(error))
        raise
    if status != "Accepted":
        await _give_up(block, link, request_id, status)
    if status == EMPTY:
        return Outcome.accepted(EMPTY, variables=0)
    if status != "Accepted":
        return Outcome.refused(status, **details)
    async with block.store.work(link.station.key) as work:
        if await actions.has_ended(work, link.station, request_id):
            return Outcome.accepted("Complete")
    return Outcome.running(request_id)


async def say_set_network_profile(block: Provisioning, link: Link, command: SetNetworkProfile) -> Outcome:
    """B09. With a higher security profile than its own the station may come from now on (A05)."""
    said = v2.SetNetworkProfile(
        configuration_slot=command.slot, connection_data=words.connection_data(command, link.dialect.version.name)
    )
    earlier = await profiles.offer(block.store, link.station, str(command.profile.security_profile))
    reply = await link.call(said)
    if reply.status != "Accepted":
        await profiles.withdraw(block.store, link.station, earlier)
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **words.details(reply.status_info))


async def say_reset(link: Link, command: Reset) -> Outcome:
    """B11, B12, B13."""
    evse_id = UNSET if command.evse_id is None else command.evse_id
    reply = await link.call(v2.Reset(type=command.type.value, evse_id=evse_id))
    return Outcome.accepted_if(reply.status != "Rejected", reply.status, **words.details(reply.status_info))


async def say_request_boot(link: Link, command: RequestBoot) -> Outcome:
    """F06.FR.17: not once it is accepted."""
    if link.station.registration is Registration.ACCEPTED:
        raise Invalid("accepted_already", "the station is accepted; it boots again after a reset")
    reply = await link.call(v2.TriggerMessage(requested_message="BootNotification"))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **words.details(reply.status_info))


async def _ask_for_report(link: Link, command: RequestReport, request_id: int) -> tuple[str, dict[str, str]]:
    if command.base is not None:
        based = await link.call(v2.GetBaseReport(request_id=request_id, report_base=command.base.value))
        return based.status, words.details(based.status_info)
    wishes = tuple(
        v2.ComponentVariable(
            component=words.component(one.component),
            variable=UNSET if one.variable is None else words.variable(one.variable),
        )
        for one in command.variables
    )
    reply = await link.call(
        v2.GetReport(
            request_id=request_id,
            component_variable=wishes or UNSET,
            component_criteria=tuple(one.value for one in command.criteria) or UNSET,
        )
    )
    return reply.status, words.details(reply.status_info)


async def _give_up(block: Provisioning, link: Link, request_id: int, reason: str) -> None:
    async with block.store.work(link.station.key) as work:
        await actions.give_up_report(work, link.station, request_id, reason)


async def _in_halves(items: Sequence[T], ask: Callable[[Sequence[T]], Awaitable[list[R]]]) -> list[R]:
    """Ask for all of it at once; if that is too much for the station, for one half and then the other."""
    try:
        return await ask(items)
    except AnsweredError as error:
        if error.code not in _TOO_MUCH or len(items) < 2:
            raise
    middle = len(items) // 2
    return [*await _in_halves(items[:middle], ask), *await _in_halves(items[middle:], ask)]


def _key(name: Name) -> tuple[str, Attribute]:
    return name.path, name.attribute


def hears(block: Provisioning) -> Hears:
    """What is heard, and by whom."""
    return {v2.BootNotification: partial(on_boot_notification, block), v2.NotifyReport: on_notify_report}


def says(block: Provisioning) -> Says:
    """What is said, and by whom."""
    return {
        GetVariables: Said((v2.GetVariables,), partial(say_get_variables, block)),
        SetVariables: Said((v2.SetVariables,), partial(say_set_variables, block)),
        RequestReport: Said((v2.GetBaseReport, v2.GetReport), partial(say_request_report, block)),
        SetNetworkProfile: Said((v2.SetNetworkProfile,), partial(say_set_network_profile, block)),
        Reset: Said((v2.Reset,), say_reset),
        RequestBoot: Said((v2.TriggerMessage,), say_request_boot),
    }
