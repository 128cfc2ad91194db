"""Every request that a management system may make is heard, in each version, and what is not built is refused."""

from __future__ import annotations

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V21, V201, VERSIONS, Version
from forecourt.ocpp.writing import write
from forecourt.station.assembly import wiring
from forecourt.station.blocks.later import v2 as later_v2
from forecourt.station.blocks.remote_control import v2 as remote_control_v2
from forecourt.station.dialects import Gap, assemble
from tests.station.rig import Rig


@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_every_action_of_the_management_system_is_heard(version: Version) -> None:
    heard = wiring().dialects[version].hears
    asked = {action.request for action in version.actions.values() if action.from_csms}
    assert asked <= set(heard)


def test_a_table_with_a_gap_or_two_handlers_is_refused() -> None:
    with pytest.raises(Gap, match="nobody hears"):
        assemble(V16, [], [])
    with pytest.raises(Gap, match="heard twice"):
        assemble(V201, [remote_control_v2.HEARS, remote_control_v2.HEARS], [])


@pytest.mark.parametrize(
    ("version", "table"),
    [(V201, later_v2.HEARS), (V21, later_v2.HEARS)],
    ids=["201", "21"],
)
def test_what_is_not_built_is_never_accepted(version: Version, table: dict[type[Message], object]) -> None:
    rig = Rig(version)
    known = {action.request for action in version.actions.values()}
    for request in set(table) & known:
        # The answer does not depend on what is asked, so any message will do.
        handler = wiring().dialects[version].hears[request]
        if handler is later_v2.not_supported:
            with pytest.raises(ProtocolError, match="NotSupported"):
                handler(rig.station, v16.Heartbeat())
            continue
        answer = handler(rig.station, v16.Heartbeat())
        write(version, answer)
        assert getattr(answer, "status", None) not in {"Accepted", "Scheduled"}
        assert version.action_of(answer).request is request


@pytest.mark.parametrize("version", [V16, V201, V21], ids=str)
def test_before_it_is_accepted_a_station_answers_with_a_security_error(version: Version) -> None:
    rig = Rig(version, start=False)
    dialect = v16 if version is V16 else v2
    refuse = dialect.BootNotificationResponse(status="Rejected", current_time=rig.time.now(), interval=30)
    rig.answers[dialect.BootNotification] = lambda request: refuse
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.error(dialect.ClearCache()) == "SecurityError"
    assert rig.names() == ["BootNotification"]
