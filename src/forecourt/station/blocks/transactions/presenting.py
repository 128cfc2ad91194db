"""What a presented token means: the end of a session it may end, or the begin of one."""

from __future__ import annotations

from collections.abc import Iterator

from forecourt.charging.ids import EvseId
from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.tokens import StopRight, Token, TokenKind, Verdict, right_to_stop, same_group
from forecourt.station import events
from forecourt.station.blocks.authorization.actions import judge
from forecourt.station.blocks.reservation import actions as reservation
from forecourt.station.blocks.transactions import actions, master_pass, resuming, sampling
from forecourt.station.core import Station
from forecourt.station.state import Authorization, Bay


def on_started(station: Station, event: events.Started) -> None:
    resuming.begin_again(station)


def on_plugged(station: Station, event: events.Plugged) -> None:
    bay = station.bays[event.evse_id]
    actions.plugged(station, bay, event.connector_id)
    if not station.model.flag("AuthCtrlr", "Enabled") and bay.authorization is None and bay.usable and not bay.reserved:
        # C02: nobody needs to identify himself.
        token = Token("", TokenKind.NO_AUTHORIZATION)
        actions.authorize(station, bay, Authorization(token=token), "Authorized")


def on_unplugged(station: Station, event: events.Unplugged) -> None:
    actions.unplugged(station, station.bays[event.evse_id], cable_left=event.cable_left)


def on_parked(station: Station, event: events.Parked) -> None:
    actions.parked(station, station.bays[event.evse_id], there=event.there)


def on_drawing(station: Station, event: events.Drawing) -> None:
    actions.drawing(station, station.bays[event.evse_id], flows=event.flows)


def on_fault(station: Station, event: events.Fault) -> None:
    """A fault ends what goes on at the bay; a bay that is well again waits for the next driver."""
    bay = station.bays[event.evse_id]
    bay.fault = event.code
    if event.code is not None and bay.transaction is not None:
        actions.interrupt(station, bay, "AbnormalCondition", "Other")
    actions.settle(station, bay, "AbnormalCondition")


def on_aligned(station: Station, event: events.AlignedMoment) -> None:
    sampling.aligned(station)


def on_trail(station: Station, event: events.TrailMoment) -> None:
    sampling.aligned_trail(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.component == "SampledDataCtrlr":
        for bay in station.bays.values():
            sampling.sample_later(station, bay)


def on_resetting(station: Station, event: events.Resetting) -> None:
    for bay in station.bays.values():
        if event.evse_id in (None, bay.evse_id):
            actions.interrupt(station, bay, event.trigger, event.reason)


def on_pausing(station: Station, event: events.Pausing) -> None:
    for bay in station.bays.values():
        if event.evse_id in (None, bay.evse_id):
            resuming.pause(station, bay, reboots=event.evse_id is None)


def on_presented(station: Station, event: events.Presented) -> None:
    token = event.token
    for bay in _busy(station, event.evse_id):
        started_by = _starter(bay)
        if started_by is not None and token.matches(started_by.token):
            # C01.FR.03, E07.FR.01: who has begun may always end.
            actions.withdraw(station, bay, "StopAuthorized", "Local", stop_token=token)
            return
    if not _free(station, event.evse_id) and not _may_be_ended_by_another(station, event.evse_id):
        # 1.6 TC_068: nothing that the answer could change.
        station.hardware.show(event.evse_id, "Occupied")
        return
    judge(station, token, lambda info: _judged(station, token, event.evse_id, info))


def _may_be_ended_by_another(station: Station, evse_id: EvseId | None) -> bool:
    if station.model.text("AuthCtrlr", "MasterPassGroupId"):
        return True
    starters = (_starter(bay) for bay in _busy(station, evse_id))
    return any(one is not None and one.group is not None for one in starters)


def _judged(station: Station, token: Token, evse_id: EvseId | None, info: TokenInfo) -> None:
    master = station.model.text("AuthCtrlr", "MasterPassGroupId")
    master_group = Token.untyped(master) if master else None
    guarded: list[Bay] = []
    bay = reservation.preferred(station, _free(station, evse_id), token, info.group)
    if bay is None or same_group(info.group, master_group):
        for busy in list(_busy(station, evse_id)):
            started_by = _starter(busy)
            right = right_to_stop(
                token,
                verdict=info.verdict,
                group=info.group,
                started_by=None if started_by is None else started_by.token,
                started_group=None if started_by is None else started_by.group,
                master_group=master_group,
            )
            if right is StopRight.MASTER_PASS:
                guarded.append(busy)
            elif right.granted:
                actions.withdraw(station, busy, "StopAuthorized", "Local", stop_token=token)
                return
    if guarded:
        master_pass.use(station, token, guarded)
        return
    if bay is None:
        refused = info.verdict is not Verdict.ACCEPTED
        station.hardware.show(evse_id, f"Not accepted: {info.verdict.value}" if refused else "Not here")
    else:
        admit(station, bay, token, info, evse_id)


def admit(station: Station, bay: Bay, token: Token, info: TokenInfo, reader: EvseId | None = None) -> None:
    """Begin a session at a bay, or show at the reader of an EVSE (or of the station) why not."""
    master = station.model.text("AuthCtrlr", "MasterPassGroupId")
    master_group = Token.untyped(master) if master else None
    if info.verdict is not Verdict.ACCEPTED:
        station.hardware.show(reader, f"Not accepted: {info.verdict.value}")
        return
    # C16.FR.03: the master pass starts nothing.
    if same_group(info.group, master_group) or (info.evse_ids and bay.evse_id not in info.evse_ids):
        station.hardware.show(reader, "Not here")
        return
    used = reservation.use(station, bay, token, info.group)
    authorization = Authorization(token=token, group=info.group, reservation_id=used, languages=info.languages)
    actions.authorize(station, bay, authorization, "Authorized")


def _starter(bay: Bay) -> Authorization | None:
    return bay.authorization or (None if bay.transaction is None else bay.transaction.authorization)


def _busy(station: Station, evse_id: EvseId | None) -> Iterator[Bay]:
    for bay in station.bays.values():
        if evse_id in (None, bay.evse_id) and bay.authorization is not None:
            yield bay


def _free(station: Station, evse_id: EvseId | None) -> list[Bay]:
    """Where a session may begin, reservations aside."""
    return [
        bay
        for bay in station.bays.values()
        if evse_id in (None, bay.evse_id) and bay.authorization is None and bay.usable and not bay.resetting
    ]
