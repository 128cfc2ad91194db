"""The page of certification cases says what is so: no more, no less, and it is noticed when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt.conformance.catalogue import CORE, End, cases
from tools.conformance.__main__ import ROOT, main
from tools.conformance.page import State, page, state_of, unknown
from tools.conformance.tests import proofs

# Blocks that the management system does not have yet.
LATER = {"tariff", "smart_charging", "firmware", "certificates", "diagnostics", "display"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a test of one case, and a test of a part of another."""
    for folder in ("docs", "tests/journeys/cases"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/journeys/cases/test_boots.py").write_text("async def test_TC_B_01_CSMS_it_boots(): ...\n")
    (tmp_path / "tests/journeys/test_more.py").write_text("async def test_TC_B_02_CSMS_in_part(): ...\n")
    return tmp_path


def test_the_page_of_this_repository_is_fresh() -> None:
    assert main(["--check"]) == 0


def test_all_core_cases_of_1_6_and_the_mandatory_ones_of_2_0_1_in_blocks_that_exist_are_passed() -> None:
    proved = proofs(ROOT)
    needed = [
        case
        for case in cases()
        if case.end is End.CSMS
        and case.block not in LATER
        and (
            (case.version == "2.0.1" and case.is_mandatory_in(CORE))
            or (case.version == "1.6" and CORE in case.profiles)
        )
    ]
    assert len(needed) == 34 + 76
    missing = {case.id for case in needed if state_of(case, proved) is not State.PASSED}
    assert missing == set()


def test_a_test_counts_for_every_case_whose_whole_number_is_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "cases"
    folder.mkdir(parents=True)
    (folder / "test_one.py").write_text(
        "def test_TC_013_CSMS_and_TC_C_37_CSMS_TC_004_1_CS_all(): ...\n"
        "def helper_TC_001_CSMS(): ...\n"
        "class TestMore:\n    async def test_TC_B_20_CSMS_TC_B_21_in_a_class(): ...\n"
    )
    (folder / "test_two.py").write_text("def test_TC_013_CSMS_once_more(): ...\n")
    one, two = "tests/cases/test_one.py", "tests/cases/test_two.py"
    assert proofs(tmp_path) == {
        "TC_013_CSMS": [one, two],
        "TC_C_37_CSMS": [one],
        "TC_004_1_CS": [one],
        "TC_B_20_CSMS": [one],
    }


def test_a_test_outside_a_folder_of_cases_proves_no_case(repository: Path) -> None:
    assert set(proofs(repository)) == {"TC_B_01_CSMS"}


def test_a_stale_page_is_noticed_and_written_anew(repository: Path) -> None:
    assert main(["--check"], repository) == 1
    assert not (repository / "docs/conformance.md").exists()
    assert main([], repository) == 0
    assert main(["--check"], repository) == 0
    (repository / "tests/journeys/cases/test_boots.py").write_text("def test_nothing(): ...\n")
    assert main(["--check"], repository) == 1


def test_a_test_named_after_no_case_is_noticed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "tests/journeys/cases/test_odd.py").write_text("def test_TC_B_99_CSMS_is_none(): ...\n")
    assert unknown(cases(), proofs(repository)) == ["TC_B_99_CSMS"]
    assert main([], repository) == 1
    assert capsys.readouterr().err == "no such case: TC_B_99_CSMS\n"


def test_the_page_counts_by_version_end_and_profile_and_lists_every_case() -> None:
    proved = {"TC_B_01_CSMS": ["tests/journeys/cases/test_boots.py"]}
    written = page(cases(), proved)
    assert "| 2.0.1 | management system | Core | 131 | 1 | 130 | 0 | 1 of 104 |" in written
    assert "| 1.6 | charging station | Core | 48 | 0 | 48 | 0 |  |" in written
    link = "[boots](../tests/journeys/cases/test_boots.py)"
    assert f"| TC_B_01_CSMS | a station boots and is accepted | Core M | passed: {link} |" in written
    assert "| TC_B_25_CSMS | an idle EVSE is reset | Core C" in written
    assert "not applicable: it contradicts Part 4" in written
    for case in cases():
        assert written.count(f"| {case.id} |") == 1
