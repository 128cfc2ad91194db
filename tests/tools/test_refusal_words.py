"""Whatever the API refuses has words in German; in English the server's own words do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from forecourt.charging.limits import Unobservable

ROOT = Path(__file__).parents[2]
CSMS = ROOT / "src/forecourt/csms"
GERMAN = ROOT / "web/src/shared/i18n/de/refusals.ts"

_RAISED = {"Conflict", "Invalid", "NotAllowed", "NotAuthenticated", "NotFound", "ChangedMeanwhile", "TooManyRequests"}
# Where among the arguments the code stands.
_PLACES = dict.fromkeys(_RAISED, 0) | {
    "problem": 1,
    "Flaw": 1,
    "check": 2,
    "of": 2,
    "_check_role": 3,
    "_bad_identity": 0,
}
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
# Nobody reads these in a browser: they stop the server before it serves.
_AT_THE_START = re.compile(r"config_|key_damaged|tls_unusable")


def told() -> set[str]:
    """Every code that a refusal, or what it says of a field, can have."""
    codes = {f"limit_{why.name.lower()}" for why in Unobservable} | {"site_unknown", "station_unknown"}
    for path in CSMS.rglob("*.py"):
        codes |= set(_codes(ast.parse(path.read_text())))
    return {code for code in codes if not _AT_THE_START.match(code)}


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name: str = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            place = _PLACES.get(name)
            if place is not None and len(node.args) > place:
                yield from _constant(node.args[place])
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "_CODES":
            # What a status is called, and what is wrong with a value.
            for part in ast.walk(node):
                yield from _constant(part)


def _constant(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
        yield node.value


def test_all_codes_are_found_where_they_are() -> None:
    found = told()
    assert {"time_zone_unknown", "too_long", "token_medium", "not_found", "limit_no_price", "wrong_form"} <= found
    assert not {code for code in found if code.startswith("config_")}


def test_every_code_has_german_words_and_no_words_are_for_nothing() -> None:
    spoken = set(re.findall(r"^  ([a-z_]+): ?[\"(\n]", GERMAN.read_text(), re.MULTILINE)) - {"away", "unclear"}
    missing, idle = told() - spoken, spoken - told()
    assert not missing, f"without German words: {sorted(missing)}"
    assert not idle, f"words for what nobody says: {sorted(idle)}"
