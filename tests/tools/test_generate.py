"""The generator writes the same bytes each time, notices what was changed by hand, and refuses what it does not understand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tools.generate import corrections, emit, names, schemas
from tools.generate.__main__ import ROOT, main
from tools.generate.facts import ACTIONS_2, CORE_16, SECURITY_16
from tools.generate.loosening import loosened
from tools.generate.model import Array, Dialect, Field, Named, Scalar, Shape, Struct
from tools.generate.reader import read

OCPP = ROOT / "src" / "forecourt" / "ocpp"
PACKAGES = {"1.6": "ocpp.v16", "2.0.1": "ocpp.v201", "2.1": "ocpp.v21"}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A copy of the generated packages."""
    for name in ("v16", "v2"):
        shutil.copytree(OCPP / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def closed(**keywords: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, **keywords}


def dialect_with(shape: Shape) -> Dialect:
    return Dialect(enums={"E": ("a",)}, types={"T": Struct("T", (Field("f", "f", shape, required=True),))})


def test_the_generated_files_are_what_the_generator_writes() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_change_by_hand_is_named(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    types = written / "v2" / "types.py"
    types.write_bytes(types.read_bytes().replace(b"max_length=255", b"max_length=256", 1))
    assert main(["--check", "--target", str(written)]) == 1
    assert capsys.readouterr().err == f"stale, `make generate` writes it anew: {types}\n"


def test_a_missing_and_a_left_over_file_are_named_and_put_right(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (written / "v16" / "messages.py").unlink()
    (written / "v2" / "old.py").write_text("")
    assert main(["--check", "--target", str(written)]) == 1
    assert "v16/messages.py" in (said := capsys.readouterr().err)
    assert "v2/old.py" in said
    assert main(["--target", str(written)]) == 0
    assert main(["--check", "--target", str(written)]) == 0
    assert (written / "v16" / "messages.py").read_bytes() == (OCPP / "v16" / "messages.py").read_bytes()
    assert not (written / "v2" / "old.py").exists()


def test_it_writes_where_nothing_was(tmp_path: Path) -> None:
    assert main(["--target", str(tmp_path)]) == 0
    for name in ("v16", "v2"):
        for path in (OCPP / name).glob("*.py"):
            assert (tmp_path / name / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("version", "count"), [("1.6", 78), ("2.0.1", 128), ("2.1", 181)])
def test_every_schema_is_there_under_the_name_of_its_struct(version: str, count: int) -> None:
    actions = {"1.6": {**CORE_16, **SECURITY_16}}.get(version, ACTIONS_2)
    found = schemas(version)
    assert len(found) == count
    assert {name.removesuffix("Response") for name in found} <= set(actions)
    assert schemas(version)["Heartbeat"] is not found["Heartbeat"]


def test_every_correction_changes_the_schema_it_names_and_nothing_else_is_changed() -> None:
    changed = set()
    for version, package in PACKAGES.items():
        found = schemas(version)
        for file in files(package).joinpath("schemas").iterdir():
            name = file.name.removesuffix(".json").removesuffix("Request")
            if json.loads(file.read_text(encoding="utf-8-sig")) != found[name]:
                changed.add((version, name))
    assert changed == {(known.version, known.schema) for known in corrections.CORRECTIONS}


def test_every_correction_has_its_reason() -> None:
    assert all(len(known.reason.split()) >= 5 for known in corrections.CORRECTIONS)


def test_a_correction_that_corrects_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"stale correction of 1\.6 StopTransaction"):
        corrections.corrected("1.6", "StopTransaction", schemas("1.6")["StopTransaction"])
    with pytest.raises(ValueError, match=r"stale correction of 1\.6 MeterValues"):
        corrections.corrected("1.6", "MeterValues", schemas("1.6")["MeterValues"])
    with pytest.raises(KeyError):
        corrections.corrected("1.6", "GetDiagnostics", closed())


def test_every_name_listed_for_1_6_is_used() -> None:
    for place in names.TYPES_16:
        without = {known: name for known, name in names.TYPES_16.items() if known != place}
        with pytest.raises(ValueError, match=f"no name is listed for the shape at {re.escape(place)}"):
            read(schemas("1.6"), without)


def test_a_shape_without_a_listed_name_is_an_error_never_a_made_up_name() -> None:
    nameless = {"Own": closed(properties={"part": closed(properties={"a": {"type": "string"}})})}
    with pytest.raises(ValueError, match=r"no name is listed for the shape at Own\.part"):
        read(nameless, {})
    assert read(nameless, {"Own.part": "Part"}).types.keys() == {"Part"}
    with pytest.raises(ValueError, match=r"no name is listed for the shape at Own\.status"):
        read({"Own": closed(properties={"status": {"type": "string", "enum": ["A"]}})}, {})


def test_a_name_with_two_shapes_is_an_error() -> None:
    two = {
        "One": closed(properties={"status": {"type": "string", "enum": ["A"]}}),
        "Two": closed(properties={"status": {"type": "string", "enum": ["A", "B"]}}),
    }
    with pytest.raises(ValueError, match="Status has two shapes"):
        read(two, {"One.status": "Status", "Two.status": "Status"})


def test_a_shape_with_two_names_is_an_error() -> None:
    part = closed(properties={"a": {"type": "string"}})
    with pytest.raises(ValueError, match="First and Second are the same"):
        read({"Own": closed(properties={"x": part, "y": part})}, {"Own.x": "First", "Own.y": "Second"})


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({"type": "object", "properties": {}}, "Own is open to any property"),
        (closed(patternProperties={}), "Own has keywords the generator does not know: \\['patternProperties'\\]"),
        (closed(properties={"a": {"type": "string", "pattern": "x"}}), "Own.a has keywords .*pattern"),
        (closed(properties={"a": {"type": "string", "format": "uri"}}), "Own.a has keywords .*format"),
        (closed(properties={"a": {"type": "integer", "minimum": 0.5}}), "Own.a has the limit 0.5"),
        (closed(properties={"class": {"type": "string"}}), "property 'class' has no name in Python"),
        (
            closed(
                properties={"customData": {"$ref": "#/definitions/CustomDataType"}},
                definitions={"CustomDataType": {"properties": {"vendorId": {"type": "string"}}, "required": []}},
            ),
            "CustomDataType is not as the hand-written",
        ),
    ],
)
def test_a_schema_it_does_not_understand_is_an_error(schema: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read({"Own": schema}, {})


@pytest.mark.parametrize(
    ("one", "other", "loose"),
    [
        (Scalar("string", max_length=5), Scalar("string", max_length=9), Scalar("string", max_length=9)),
        (Scalar("string", max_length=5), Scalar("string"), Scalar("string")),
        (Scalar("integer", minimum=0, maximum=3), Scalar("integer"), Scalar("integer")),
        (Scalar("integer", minimum=1), Scalar("integer", minimum=0), Scalar("integer", minimum=0)),
        (Scalar("integer"), Scalar("number"), Scalar("number")),
        (Named("E"), Scalar("string", max_length=20), Scalar("string", max_length=20)),
        (Array(Named("E"), 1, 4), Array(Named("E"), 2, 5), Array(Named("E"), 1, 5)),
        (Array(Scalar("boolean"), 1), Array(Scalar("boolean"), None, 5), Array(Scalar("boolean"))),
    ],
)
def test_what_both_versions_have_becomes_as_loose_as_both(one: Shape, other: Shape, loose: Shape) -> None:
    for newer, older in ((one, other), (other, one)):
        (field,) = loosened(dialect_with(newer), dialect_with(older)).types["T"].fields
        assert field.shape == loose


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Scalar("string"), Scalar("integer")),
        (Scalar("integer"), Named("E")),
        (Named("E"), Named("F")),
        (Array(Scalar("string")), Scalar("string")),
        (Scalar("number", multiple_of="0.1"), Scalar("number")),
    ],
)
def test_shapes_with_nothing_as_loose_as_both_are_an_error(one: Shape, other: Shape) -> None:
    with pytest.raises(ValueError, match="no shape is as loose as both"):
        loosened(dialect_with(one), dialect_with(other))


def test_an_enumeration_that_one_version_opened_is_gone() -> None:
    assert loosened(dialect_with(Scalar("string")), dialect_with(Named("E"))).enums == {}
    assert loosened(dialect_with(Named("E")), dialect_with(Named("E"))).enums == {"E": ("a",)}


def test_a_type_of_2_x_loses_its_suffix_unless_the_name_is_taken() -> None:
    assert names.types_2(["ResetEnumType", "VPNEnumType", "VPNType", "EVSEType", "AuthorizationData"], ["Reset"]) == {
        "ResetEnumType": "ResetEnumType",
        "VPNEnumType": "VPNEnumType",
        "VPNType": "VPN",
        "EVSEType": "EVSE",
        "AuthorizationData": "AuthorizationData",
    }


def test_a_text_is_written_so_that_python_reads_it_back() -> None:
    odd = 'a"b\\c'
    module = emit.types_module("odd things", Dialect(enums={"Odd": (odd,)}))
    assert 'Odd: TypeAlias = Literal["a\\"b\\\\c"]' in module


def test_a_type_without_fields_is_still_a_class() -> None:
    assert emit.types_module("nothing", Dialect(types={"Empty": Struct("Empty", ())})).endswith("    pass\n")
