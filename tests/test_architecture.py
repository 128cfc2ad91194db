"""Imports go downwards: the table below is the order of the packages, docs/architecture.md the arrows between blocks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Bottom to top. A package may import from the rows before its own.
PLATFORM = [
    "csms." + name
    for name in ("config", "keys", "redaction", "store", "events", "bus", "jobs", "files", "stations", "web")
]
BUSINESS = (
    "organisations",
    "sites",
    "accounts",
    "drivers",
    "billing",
    "payments",
    "roaming",
    "notifications",
    "energy",
)
FEATURES = ["csms.blocks", *("csms." + name for name in BUSINESS)]
ROWS = (
    ["clock", "errors"],
    ["charging", "ocpp", "pki"],
    ["transport"],
    [*PLATFORM, "station", "station.blocks", "conformance"],
    FEATURES,
    ["csms.gateway", "csms.api", "csms.feed", "csms.dashboard"],
    ["csms.upkeep", "csms.assembly"],
    ["csms.interface"],
    ["csms.app"],
    ["cli"],
    ["__main__"],
)
# Packages that may import less than their row allows.
ONLY = {
    "charging": {"errors"},
    "ocpp": {"errors"},
    "pki": {"errors"},
    "transport": {"clock", "errors", "ocpp"},
    "conformance": {"charging", "clock", "errors", "ocpp", "transport"},
}
# Programs of their own: none of them imports another.
ENDS = {"csms", "station", "conformance"}
# Wire messages are for those who speak on the wire; everybody else speaks the language of the blocks.
SPEAK_WIRE = ("ocpp", "transport", "csms.gateway", "conformance")
WIRE = ("forecourt.ocpp.v16", "forecourt.ocpp.v2")
# What a pure package (no I/O, no clock, no tasks, no log) has no use for.
PURE = {"charging", "ocpp", "pki"}
IMPURE = {
    "aiofastnet",
    "asyncio",
    "logging",
    "os",
    "picows",
    "random",
    "select",
    "socket",
    "ssl",
    "subprocess",
    "time",
    "uvloop",
}


def arrows() -> dict[str, set[str]]:
    """Which block may use which, as listed in docs/architecture.md."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Arrows between blocks")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, flags=re.MULTILINE)
    return {block: set(re.findall(r"`(\w+)`", used)) for block, used in rows}


def imports(path: Path, module: str) -> Iterator[str]:
    """Every module and name that `path` imports, also inside functions, with relative imports made absolute."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def place(module: str) -> tuple[str, str, str]:
    """Where a module of ours stands: its package in the table, its block (empty where there are none), the rest."""
    parts = module.split(".")[1:]
    two = ".".join(parts[:2])
    if two.endswith(".blocks"):
        return two, ".".join(parts[2:3]), ".".join(parts[3:])
    package = two if parts[:1] == ["csms"] else ".".join(parts[:1])
    return package, package.removeprefix("csms.") if package in FEATURES else "", ".".join(parts[2:])


def wrong(importer: str, imported: str, allowed: dict[str, set[str]]) -> str | None:
    """Why the module `importer` must not import `imported`, or None."""
    if not imported.startswith("forecourt.") or imported == "forecourt.__version__":
        impure = imported.partition(".")[0] in IMPURE and place(importer)[0] in PURE
        return "not for a pure package" if impure else None
    (package, block, _), (other, other_block, inside) = place(importer), place(imported)
    row, other_row = (next((n for n, names in enumerate(ROWS) if name in names), None) for name in (package, other))
    if row is None or other_row is None:
        return f"no place in the table for {package if row is None else other}"
    if imported.startswith(WIRE) and package not in SPEAK_WIRE and importer.rpartition(".")[2] not in ("v16", "v2"):
        return "wire messages stay in the dialect files"
    if (package, block) == (other, other_block):
        return None
    if len({package.partition(".")[0], other.partition(".")[0]} & ENDS) == 2:
        return "programs of their own do not import each other"
    if other not in ONLY.get(package, {other}) or other_row > row:
        return "against the direction of imports"
    if block and other_block:
        if other_block not in allowed.get(block, set()):
            return "no such arrow in docs/architecture.md"
        return None if inside.partition(".")[0] in ("actions", "model") else "a block is used through actions and model"
    together = package in PLATFORM or package.startswith("station")
    return None if other_row < row or together else "neighbours do not import each other"


def breaches(source: Path, allowed: dict[str, set[str]]) -> list[str]:
    found = []
    for path in sorted(source.rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__")
        reasons = ((imported, wrong(module, imported, allowed)) for imported in imports(path, module))
        found += [f"{module} imports {imported}: {why}" for imported, why in reasons if why]
    return found


def test_every_import_goes_down_the_tree() -> None:
    assert breaches(ROOT / "src", arrows()) == []


def test_the_arrows_are_read_from_the_page() -> None:
    assert arrows()["transactions"] == {"authorization", "metering", "reservation"}


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("ocpp/session.py", "import asyncio"),
        ("ocpp/session.py", "def f():\n    from time import monotonic"),
        ("ocpp/session.py", "from forecourt import clock"),
        ("ocpp/session.py", "from forecourt.charging.quantities import Power"),
        ("ocpp/soap/envelope.py", "from ...transport import connect"),
        ("transport/server.py", "from forecourt.pki import chains"),
        ("transport/server.py", "import forecourt.csms.app"),
        ("clock.py", "from forecourt.errors import DomainError"),
        ("csms/store/engine.py", "from forecourt.csms.blocks.transactions import store"),
        ("csms/events.py", "from forecourt.ocpp import v16"),
        ("csms/app.py", "from forecourt.station.fleet import Fleet"),
        ("station/fleet.py", "from forecourt.csms.config import Config"),
        ("station/blocks/metering/actions.py", "from forecourt.csms.events import Event"),
        ("conformance/cases.py", "from forecourt.station import fleet"),
        ("conformance/cases.py", "from forecourt.pki import chains"),
        ("csms/gateway/upgrade.py", "from forecourt.csms.api import routers"),
        ("csms/blocks/transactions/actions.py", "from forecourt.ocpp.v2 import TransactionEvent"),
        ("csms/blocks/transactions/actions.py", "from forecourt.csms.blocks.tariff import model"),
        ("csms/blocks/transactions/actions.py", "from forecourt.csms.blocks.metering.store import readings"),
        ("csms/blocks/transactions/actions.py", "from forecourt.csms.gateway import upgrade"),
        ("csms/blocks/metering/actions.py", "from forecourt.csms.billing.actions import charge"),
        ("csms/odds.py", "from forecourt import errors"),
        ("odds/ends.py", "import forecourt.errors"),
    ],
)
def test_an_import_that_breaks_the_order_is_found(tmp_path: Path, path: str, statement: str) -> None:
    (tmp_path / "forecourt" / path).parent.mkdir(parents=True)
    (tmp_path / "forecourt" / path).write_text(statement, encoding="utf-8")
    assert len(breaches(tmp_path, arrows())) == 1


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("ocpp/soap/envelope.py", "from ..v16 import Authorize"),
        ("transport/server.py", "from forecourt import clock\nfrom forecourt.ocpp import v2\nimport asyncio"),
        ("csms/stations/link.py", "from forecourt.csms.events import Event\nfrom forecourt.transport import serve"),
        ("csms/blocks/transactions/v16.py", "from forecourt.ocpp import v16\nfrom . import actions"),
        ("csms/blocks/transactions/actions.py", "from forecourt.csms.blocks.metering import model"),
        ("csms/billing/actions.py", "from forecourt.csms.blocks.tariff.model import Tariff"),
        ("csms/api/routers.py", "from forecourt.csms.blocks.tariff import api"),
        ("station/fleet.py", "from forecourt.station.blocks import metering\nfrom forecourt.transport import connect"),
        ("cli/demo.py", "from forecourt.csms import app\nfrom forecourt.station import fleet"),
    ],
)
def test_an_import_that_keeps_the_order_is_left_alone(tmp_path: Path, path: str, statement: str) -> None:
    (tmp_path / "forecourt" / path).parent.mkdir(parents=True)
    (tmp_path / "forecourt" / path).write_text(statement, encoding="utf-8")
    assert breaches(tmp_path, arrows()) == []
