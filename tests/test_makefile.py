"""The Makefile is the front door: few targets, each explained."""

from __future__ import annotations

import re
from pathlib import Path

MAKEFILE = (Path(__file__).resolve().parent.parent / "Makefile").read_text(encoding="utf-8")


def test_every_target_is_explained_in_the_list_that_help_prints() -> None:
    declared = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)[0].split()
    explained = re.findall(r"^([a-z]+):[^#\n]*## [A-Z]", MAKEFILE, flags=re.MULTILINE)
    assert sorted(explained) == sorted(declared)
    assert {"help", "setup", "run", "check", "fix", "test", "bench", "generate"} <= set(explained)
    assert len(explained) <= 12


def test_every_target_that_runs_something_prepares_the_environment_first() -> None:
    for target, needs in re.findall(r"^([a-z]+):([^#\n]*)##", MAKEFILE, flags=re.MULTILINE):
        assert target == "help" or "$(READY)" in needs, target
