"""The page: how many cases are passed, by version, end, profile and block, and then each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from forecourt.conformance.catalogue import CORE, VERSIONS, Case, End, Status

_INTRODUCTION: Final = """\
# Conformance

Which certification cases of the Open Charge Alliance are passed. This page is written by `make generate`, from the list of
cases in `src/forecourt/conformance` and the names of the tests: a case is **passed** when a test that carries its whole
number acts it in a folder `cases`, step by step over a real connection against a peer nobody here wrote, with an assertion
for every validation. `make check` fails when this page does not say what is so; `make test` runs the tests.

The numbers, profiles and status are the Alliance's, the titles are ours. **M** is mandatory for a certificate of that
profile, **C** is needed for optional features that a product has, given as the numbers of Part 5; for 1.6 the Alliance has
published no such list. The cases of 2.0.1 are cases of 2.1 as well, and every test runs in both; under 2.1 are those that
are new in it.
"""

_NO_PROFILE: Final = "in no profile"


class State(StrEnum):
    """What is so with a case."""

    PASSED = "passed"
    NOT_YET = "not yet"
    NOT_APPLICABLE = "not applicable"


Proofs = Mapping[str, Sequence[str]]


def state_of(case: Case, proofs: Proofs) -> State:
    """What is so with it."""
    if case.not_applicable:
        return State.NOT_APPLICABLE
    return State.PASSED if case.id in proofs else State.NOT_YET


def unknown(cases: Iterable[Case], proofs: Proofs) -> list[str]:
    """What tests are named after and no case is."""
    return sorted(set(proofs) - {case.id for case in cases})


def page(cases: Sequence[Case], proofs: Proofs) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, "## How many\n"]
    ends = [(version, end) for end in End for version in VERSIONS]
    parts.append(_overview(cases, proofs, ends))
    for version, end in ends:
        some = [case for case in cases if (case.version, case.end) == (version, end)]
        parts += [f"## {version}, {end}\n", _by_block(some, proofs), *_lists(some, proofs)]
    return "\n".join(parts)


def _overview(cases: Sequence[Case], proofs: Proofs, ends: Sequence[tuple[str, End]]) -> str:
    rows = []
    for version, end in ends:
        some = [case for case in cases if (case.version, case.end) == (version, end)]
        for profile in dict.fromkeys(name for case in some for name in _profiles(case)):
            inside = [case for case in some if profile in _profiles(case)]
            rows.append([version, end, profile, *_counts(inside, proofs), _mandatory(inside, profile, proofs)])
    return _table(["Version", "Under test", "Profile", "Cases", *State, "mandatory passed"], rows)


def _by_block(cases: Sequence[Case], proofs: Proofs) -> str:
    rows = []
    for block in dict.fromkeys(case.block for case in cases):
        inside = [case for case in cases if case.block == block]
        rows.append([f"`{block}`", *_counts(inside, proofs), _mandatory(inside, CORE, proofs)])
    return _table(["Block", "Cases", *State, f"mandatory for {CORE}, passed"], rows)


def _lists(cases: Sequence[Case], proofs: Proofs) -> list[str]:
    """The cases of each block."""
    parts = []
    for block in dict.fromkeys(case.block for case in cases):
        rows = [_row(case, proofs) for case in cases if case.block == block]
        parts += [f"### {block}\n", _table(["Case", "What happens", "Profile", "State"], rows)]
    return parts


def _row(case: Case, proofs: Proofs) -> list[str]:
    state = state_of(case, proofs)
    said: Callable[[], str] = {
        State.PASSED: lambda: "passed: " + ", ".join(_link(path) for path in proofs[case.id]),
        State.NOT_YET: lambda: "not yet",
        State.NOT_APPLICABLE: lambda: f"not applicable: {case.not_applicable}",
    }[state]
    profiles = ", ".join(f"{name}{'' if status is None else f' {status}'}" for name, status in case.profiles.items())
    needs = f" ({case.features})" if case.features and Status.CONDITIONAL in case.profiles.values() else ""
    return [case.id, case.title, (profiles or _NO_PROFILE) + needs, said()]


def _link(path: str) -> str:
    return f"[{PurePosixPath(path).stem.removeprefix('test_')}](../{path})"


def _profiles(case: Case) -> list[str]:
    return list(case.profiles) or [_NO_PROFILE]


def _counts(cases: Sequence[Case], proofs: Proofs) -> list[str]:
    states = [state_of(case, proofs) for case in cases]
    return [str(len(cases)), *(str(states.count(state)) for state in State)]


def _mandatory(cases: Sequence[Case], profile: str, proofs: Proofs) -> str:
    needed = [case for case in cases if case.is_mandatory_in(profile)]
    passed = sum(state_of(case, proofs) is State.PASSED for case in needed)
    return f"{passed} of {len(needed)}" if needed else ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
