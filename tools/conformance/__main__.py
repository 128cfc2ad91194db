"""`python -m tools.conformance` writes the page; with `--check` it only says whether it is stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from forecourt.conformance.catalogue import cases
from tools.conformance.page import page, unknown
from tools.conformance.tests import proofs

ROOT: Final = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run the command; 1 for a stale page, and for tests named after cases that do not exist."""
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 if the page is stale")
    options = parser.parse_args(arguments)
    known, proved = cases(), proofs(root)
    if strange := unknown(known, proved):
        print(f"no such case: {', '.join(strange)}", file=sys.stderr)
        return 1
    place = root / "docs" / "conformance.md"
    fresh = page(known, proved)
    if place.exists() and place.read_text(encoding="utf-8") == fresh:
        return 0
    if options.check:
        print(f"stale, `make generate` writes it anew: {place}", file=sys.stderr)
        return 1
    place.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
