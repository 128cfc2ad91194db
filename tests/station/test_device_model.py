"""The table of variables: what the specification requires is in it, and nothing that may be written is an ornament."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from forecourt.station.device_model.table import Name, table

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src/forecourt/station"
REQUIRED = Path(__file__).parent / "required_variables.csv"


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(REQUIRED.read_text(encoding="utf-8").splitlines()))


def name(row: dict[str, str]) -> Name:
    return Name(row["component"], row["variable"], row["instance"])


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(name(row)))
def test_what_is_required_is_there_and_can_be_written_where_it_has_to(row: dict[str, str]) -> None:
    assert name(row) in table()
    assert table()[name(row)].writable or row["writable"] == "no"


def texts(path: Path) -> set[str]:
    """The texts in a module, up to the bracket where an instance begins."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value.partition("[")[0] for value in constants if isinstance(value, str)}


def folders() -> list[set[str]]:
    """The texts of all modules of a folder together: a block may keep the name of its controller in one of them."""
    found: dict[Path, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        found.setdefault(path.parent, set()).update(texts(path))
    return list(found.values())


def test_every_variable_that_may_be_written_is_read_by_what_it_is_about() -> None:
    """But for those that have one value only to choose."""
    known = folders()
    ornaments = [
        str(row.name)
        for row in table().values()
        if row.writable
        and len(row.choices) != 1
        and not any(row.name.component.partition("[")[0] in found and row.name.variable in found for found in known)
    ]
    assert ornaments == []


def test_every_default_is_a_value_that_could_be_set() -> None:
    wrong = [str(row.name) for row in table().values() if row.default and (row.fault(row.default) is not None)]
    assert wrong == []
