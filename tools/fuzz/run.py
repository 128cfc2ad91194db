"""The loop: case after case, each from its own Random, each caught. What a target lets through is a finding."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

SLOWEST_S = 2.0
SHOWN_BYTES = 4_000
MOST_FINDINGS = 10


class Target(Protocol):
    """One parser, or several that belong together."""

    name: str

    def case(self, random: Random) -> Iterator[bytes]:
        """Play one case: yield each input before it is fed, catch what the library may raise, let everything else through."""
        ...


@dataclass(frozen=True)
class Finding:
    """What should not have happened: `inputs` are all of the case, in order, the last of them is the one it happened with."""

    target: str
    seed: int
    case: int
    inputs: tuple[bytes, ...]
    what: str

    @property
    def where(self) -> str:
        """What findings of one cause have in common: the target, and the last lines of the traceback but for the message."""
        return f"{self.target} {re.sub(r':.*', '', ' '.join(self.what.splitlines()[-4:]))}"

    def __str__(self) -> str:
        *before, last = self.inputs or (b"",)
        shown = last[:SHOWN_BYTES].hex() + ("..." if len(last) > SHOWN_BYTES else "")
        again = f"python -m tools.fuzz --target {self.target} --seed {self.seed} --case {self.case}"
        return f"{self.target}: {self.what}\n{len(before)} inputs, then as hex: {shown}\nto have it again: {again}"


@dataclass
class Report:
    """Inputs by target, and what was found."""

    inputs: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.inputs += other.inputs
        for finding in other.findings:
            self.note(finding)

    def note(self, finding: Finding) -> None:
        """Keep a finding, unless one of the same cause is kept already."""
        if all(finding.where != known.where for known in self.findings):
            self.findings.append(finding)


def play(target: Target, seed: int, case: int, report: Report) -> None:
    """One case of one target. To compute for more than two seconds is a finding as well."""
    inputs: list[bytes] = []
    begun = time.thread_time()
    what = ""
    try:
        inputs.extend(target.case(Random(f"{seed} {target.name} {case}")))
    except Exception:
        what = traceback.format_exc()
    if not what and (taken_s := time.thread_time() - begun) > SLOWEST_S:
        what = f"took {taken_s:.1f} s"
    if what:
        report.note(Finding(target.name, seed, case, tuple(inputs), what))
    report.inputs[target.name] += len(inputs)


def run(
    targets: Sequence[Target],
    seed: int,
    cases: Iterable[int],
    goes_on: Callable[[Report], bool],
    starts: Callable[[int], None] = lambda case: None,
) -> Report:
    """Play each case with every target in turn while `goes_on` says so; `starts` is told the number of each case."""
    report = Report()
    for case in cases:
        if not goes_on(report) or len(report.findings) >= MOST_FINDINGS:
            break
        starts(case)
        for target in targets:
            play(target, seed, case, report)
    return report
