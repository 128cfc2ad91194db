"""The certification cases of the Open Charge Alliance: which there are, who is under test, and what they are about.

Kept by hand in a table per version beside this file: numbers, profiles and status are the Alliance's (test cases for 1.6 of
2024-04-26, for 2.0.1 Part 5 edition 3 and Part 6 edition 4, for 2.1 edition 2 of both), the titles are ours.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final

VERSIONS: Final = {"1.6": "cases_16.csv", "2.0.1": "cases_201.csv", "2.1": "cases_21.csv"}
"""The table of each version. The cases of 2.0.1 are cases of 2.1 as well; the last table has those that are new in it."""

CORE: Final = "Core"

ID: Final = re.compile(r"TC_(?:[A-Z]_)?\d+(?:_\d+)?_(?:CSMS|CS)(?![A-Z0-9])")
"""What a case is called, also inside the name of a test."""


class End(StrEnum):
    """Who is under test."""

    CSMS = "management system"
    STATION = "charging station"


class Status(StrEnum):
    """Whether a certificate needs a case."""

    MANDATORY = "M"
    CONDITIONAL = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A certification case. `block` is the folder of ours it belongs to.

    `profiles` gives its status in every certification profile it counts for; None where the Alliance lists none, as for all
    of 1.6. `features` are the optional features it depends on, in the numbers of Part 5. `not_applicable` says why the case
    cannot be passed by anybody who follows the specification; empty for the others.
    """

    version: str
    id: str
    block: str
    profiles: dict[str, Status | None]
    features: str
    title: str
    not_applicable: str

    @property
    def end(self) -> End:
        """Who is under test."""
        return End.CSMS if self.id.endswith("_CSMS") else End.STATION

    def is_mandatory_in(self, profile: str) -> bool:
        """Whether a certificate for `profile` cannot be had without it."""
        return self.profiles.get(profile) is Status.MANDATORY


@cache
def cases() -> tuple[Case, ...]:
    """All cases: by version, first those of the management system, in the order of their numbers."""
    return tuple(case for version, table in VERSIONS.items() for case in _read(version, table))


def _read(version: str, table: str) -> Iterator[Case]:
    lines = files(__package__).joinpath(table).read_text("utf-8").splitlines()
    for row in csv.DictReader(lines):
        yield Case(
            version=version,
            id=row["id"],
            block=row["block"],
            profiles=_profiles(row["profile"], row["status"]),
            features=row["features"],
            title=row["title"],
            not_applicable=row["not_applicable"],
        )


def _profiles(names: str, status: str) -> dict[str, Status | None]:
    profiles = [name for name in names.split("; ") if name]
    known = [Status(one) for one in status.split("; ") if one]
    if len(known) > 1:
        return dict(zip(profiles, known, strict=True))
    return dict.fromkeys(profiles, known[0] if known else None)
