"""The list of certification cases: all of them, once, in blocks that exist in the design, with titles of their own."""

from __future__ import annotations

from collections import Counter

import pytest

from forecourt.conformance.catalogue import CORE, ID, Case, End, Status, cases

BLOCKS = {
    "security",
    "provisioning",
    "authorization",
    "transactions",
    "remote_control",
    "availability",
    "reservation",
    "tariff",
    "metering",
    "smart_charging",
    "firmware",
    "certificates",
    "diagnostics",
    "display",
    "data_transfer",
    "bidirectional",
    "der_control",
    "battery_swap",
}
# What the management system does today; the other blocks come later.
HERE = {
    "security",
    "provisioning",
    "authorization",
    "transactions",
    "remote_control",
    "availability",
    "reservation",
    "metering",
    "data_transfer",
}


def some(version: str, end: End) -> list[Case]:
    return [case for case in cases() if (case.version, case.end) == (version, end)]


@pytest.mark.parametrize(
    ("version", "end", "count", "core", "mandatory"),
    [
        # 1.6 has no published list of what is mandatory.
        ("1.6", End.CSMS, 75, 34, 0),
        ("1.6", End.STATION, 102, 48, 0),
        ("2.0.1", End.CSMS, 251, 131, 104),
        ("2.0.1", End.STATION, 424, 222, 104),
        # New in it.
        ("2.1", End.CSMS, 78, 46, 10),
        ("2.1", End.STATION, 152, 83, 8),
    ],
)
def test_there_are_as_many_cases_as_the_documents_have(
    version: str, end: End, count: int, core: int, mandatory: int
) -> None:
    found = some(version, end)
    assert len(found) == count
    assert sum(CORE in case.profiles for case in found) == core
    assert sum(case.is_mandatory_in(CORE) for case in found) == mandatory


def test_of_the_mandatory_core_cases_of_the_management_system_these_belong_to_blocks_that_exist() -> None:
    needed = Counter(case.block for case in some("2.0.1", End.CSMS) if case.is_mandatory_in(CORE))
    assert {block: count for block, count in needed.items() if block in HERE} == {
        "security": 8,
        "provisioning": 8,
        "authorization": 11,
        "transactions": 22,
        "remote_control": 6,
        "availability": 10,
        "metering": 9,
        "data_transfer": 2,
    }
    assert sum(count for block, count in needed.items() if block not in HERE) == 28


def test_every_case_is_there_once_with_a_block_and_a_title() -> None:
    assert {case.block for case in cases()} == BLOCKS
    assert Counter((case.version, case.id) for case in cases()).most_common(1)[0][1] == 1
    for case in cases():
        assert ID.fullmatch(case.id), case.id
        assert case.title.rstrip(".") == case.title != "", case.id
        # A letter names the block in 2.x; 1.6 has numbers alone.
        assert (case.version == "1.6") is case.id[3].isdigit()


def test_a_case_may_be_optional_for_one_profile_and_mandatory_for_another() -> None:
    (case,) = [case for case in cases() if case.id == "TC_B_12_CSMS"]
    assert case.profiles == {CORE: Status.CONDITIONAL, "Advanced Device Management": Status.MANDATORY}
    assert not case.is_mandatory_in(CORE)
