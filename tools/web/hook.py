"""Builds the dashboard when a wheel is made of the sources. An editable install leaves that to `make`."""

from __future__ import annotations

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildPages(BuildHookInterface[Any]):
    """What hatchling calls before it packs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages, which the wheel then takes along."""
        if self.target_name != "wheel" or version == "editable":
            return
        # The backend runs this file by its path; what it needs is in the same tree.
        sys.path.insert(0, self.root)
        from tools.web.__main__ import build

        build()
