"""What holds for all tests: how many run at once, and whose coverage is measured."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

_HERE = Path(__file__).parent
_WHOLE_SYSTEMS = tuple(_HERE / name for name in ("cli", "csms", "interop", "journeys", "web"))
"""Tests of more than the pure packages: to measure them too would take a fifth of their time and prove nothing."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A test waits for the database or a socket half of the time."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    measured = coverage.Coverage.current()
    if measured is None or not any(folder in item.path.parents for folder in _WHOLE_SYSTEMS):
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()
