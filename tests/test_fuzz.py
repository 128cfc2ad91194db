"""A short run of the fuzzer, and that the fuzzer finds what there is to find. The long run is `make fuzz`."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from tools.fuzz.mutations import LARGEST_SIZE, MUTATIONS, mutate
from tools.fuzz.run import Report, play, run
from tools.fuzz.targets import TARGETS

SHORT_RUN_INPUTS = 25_000
SEED = 20_261_120

FRAME = b'[2,"1f0c","StatusNotification",{"connectorId":1,"status":"Available","errorCode":"NoError"}]'


class Brittle:
    """A parser that cannot stand a NUL."""

    name = "brittle"

    def case(self, random: Random) -> Iterator[bytes]:
        data = mutate(FRAME, FRAME, random)
        yield data
        if b"\x00" in data:
            raise ValueError("found a NUL")


class Slow:
    name = "slow"

    def case(self, random: Random) -> Iterator[bytes]:
        yield b""
        sum(range(10**6))


@pytest.mark.parametrize("name", TARGETS)
def test_no_parser_lets_anything_but_its_own_errors_through(name: str) -> None:
    share = SHORT_RUN_INPUTS // len(TARGETS)
    report = run([TARGETS[name]()], SEED, range(SHORT_RUN_INPUTS), lambda report: report.inputs.total() < share)
    if report.findings:
        pytest.fail(str(report.findings[0]), pytrace=False)
    assert report.inputs.total() >= share


def test_what_a_parser_lets_through_is_found_once_and_can_be_had_again() -> None:
    report = run([Brittle()], SEED, range(5_000), lambda _: True)
    (finding,) = report.findings
    assert b"\x00" in finding.inputs[-1]
    assert finding.inputs[-1].hex() in str(finding)
    assert "found a NUL" in str(finding)
    again = Report()
    play(Brittle(), finding.seed, finding.case, again)
    assert again.findings[0].inputs == finding.inputs


def test_an_input_that_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.fuzz.run.SLOWEST_S", 0.001)
    report = Report()
    play(Slow(), SEED, 0, report)
    assert "took" in report.findings[0].what


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_changes_a_message_and_bears_an_empty_one(mutation: object) -> None:
    assert callable(mutation)
    changed = [mutation(FRAME, Random(seed)) != FRAME for seed in range(50)]
    assert any(changed)
    assert isinstance(mutation(b"", Random(1)), bytes)


def test_mutated_input_stays_of_bearable_size() -> None:
    assert all(len(mutate(FRAME * 200, FRAME, Random(seed))) <= LARGEST_SIZE for seed in range(200))
