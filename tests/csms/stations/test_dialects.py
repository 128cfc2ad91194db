"""The tables of the blocks put together: complete, without contradiction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from forecourt.csms.stations.commands import NEXT, Command, CommandStatus, Outcome
from forecourt.csms.stations.dialects import Gap, Hears, Later, Said, Says, assemble
from forecourt.csms.stations.link import Link
from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16

ALL: dict[Any, Later] = {action.request: Later("later") for action in V16.actions.values() if action.from_station}
UNSAID = {action.name: "later" for action in V16.actions.values() if action.from_csms}


@dataclass(frozen=True, slots=True)
class Blink(Command):
    """Something to say."""


async def say(link: Link, command: Blink) -> Outcome:
    return Outcome.accepted()


def without(name: str) -> dict[str, str]:
    return {action: reason for action, reason in UNSAID.items() if action != name}


def test_a_version_of_which_every_message_is_heard_and_said_or_excused_is_complete() -> None:
    dialect = assemble(V16, [ALL], [{Blink: Said((v16.Reset,), say)}], without("Reset"))
    assert dialect.capabilities == {"Blink"}
    assert dict(dialect.hears) == ALL


def test_what_the_version_does_not_have_is_left_out() -> None:
    hears: Hears = {v2.TransactionEvent: Later("later")}
    says: Says = {Blink: Said((v16.Reset, v2.Reset), say)}
    dialect = assemble(V16, [ALL, hears], [says], without("Reset"))
    assert v2.TransactionEvent not in dialect.hears
    assert dialect.capabilities == frozenset()


def test_a_message_nobody_hears_is_a_gap() -> None:
    with pytest.raises(Gap, match="nobody hears Heartbeat"):
        assemble(V16, [{kind: later for kind, later in ALL.items() if kind is not v16.Heartbeat}], [], UNSAID)


def test_a_message_two_blocks_hear_is_a_gap() -> None:
    with pytest.raises(Gap, match="Heartbeat is heard twice"):
        assemble(V16, [ALL, {v16.Heartbeat: Later("later")}], [], UNSAID)


def test_a_command_two_blocks_say_is_a_gap() -> None:
    says: Says = {Blink: Said((v16.Reset,), say)}
    with pytest.raises(Gap, match="Blink is said twice"):
        assemble(V16, [ALL], [says, says], without("Reset"))


def test_a_message_neither_said_nor_excused_is_a_gap() -> None:
    with pytest.raises(Gap, match="Reset"):
        assemble(V16, [ALL], [], without("Reset"))


def test_a_message_both_said_and_excused_is_a_gap() -> None:
    with pytest.raises(Gap, match="Reset"):
        assemble(V16, [ALL], [{Blink: Said((v16.Reset,), say)}], UNSAID)


def test_every_status_of_a_command_can_be_reached_and_leads_to_an_end() -> None:
    reached, ends = {CommandStatus.QUEUED}, {status for status in CommandStatus if not NEXT[status]}
    for _ in CommandStatus:
        reached |= {after for status in reached for after in NEXT[status]}
    assert reached == set(CommandStatus)
    assert ends == set(CommandStatus) - {CommandStatus.QUEUED, CommandStatus.SENT, CommandStatus.RUNNING}
