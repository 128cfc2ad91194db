"""Checks of Python sources: names (R2), length (R3), version literals (R6), clocks (R21), loose tasks (R28)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.house.tree import Breach, Tree

EVERYWHERE = ("src/", "tests/", "tools/", "bench/", "examples/")

# R2
EMPTY_WORDS = frozenset({"util", "utils", "helper", "helpers", "common", "manager", "service", "base", "impl"})
# Where the specification itself has no other word for it.
ALLOWED_NAMES = frozenset({("src/forecourt/ocpp/soap/operations.py", "Service")})
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# R3
MOST_LINES = 500

# R6
VERSION_LITERAL = re.compile(r"(ocpp)?(1\.6|2\.0\.1|2\.1)")
MAY_NAME_VERSIONS = (
    "src/forecourt/ocpp/",
    "src/forecourt/transport/",
    "src/forecourt/csms/gateway/",
    "src/forecourt/station/config.py",
    "src/forecourt/conformance/",
    "src/forecourt/cli/",
)
DIALECT_FILES = frozenset({"v16.py", "v2.py"})

# R21
CLOCK = "src/forecourt/clock.py"
SLEEPS = frozenset({"asyncio.sleep", "time.sleep"})
CLOCKS = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "time.monotonic",
        "time.monotonic_ns",
        "time.perf_counter",
        "time.perf_counter_ns",
        "time.time",
        "time.time_ns",
    }
)

LOOP = re.compile(r"(\b|_)loop$|get_(running|event)_loop\(\)$")

# R28
LOOSE_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.gather"})


def empty_names(tree: Tree) -> Iterator[Breach]:
    """R2: no file, folder or class whose name says nothing about what it is for."""
    for path in tree.written_by_hand(*EVERYWHERE):
        for part in PurePosixPath(path).with_suffix("").parts:
            if _is_empty(part):
                yield Breach(path, 1, f"R2: the name {part!r} does not say what lives here")
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.ClassDef) and _is_empty(node.name) and (path, node.name) not in ALLOWED_NAMES:
                yield Breach(path, node.lineno, f"R2: the class name {node.name!r} does not say what it is")


def long_files(tree: Tree) -> Iterator[Breach]:
    """R3: no hand-written file over 500 lines."""
    for path in tree.written_by_hand("src/", "tools/", "web/src/", suffixes=(".py", ".ts", ".tsx", ".css")):
        lines = tree.text(path).count("\n")
        if lines > MOST_LINES:
            yield Breach(path, MOST_LINES + 1, f"R3: {lines} lines; which idea wants out?")


def version_literals(tree: Tree) -> Iterator[Breach]:
    """R6: whoever is above the dialects does not ask which version is spoken."""
    for path in tree.written_by_hand("src/"):
        if path.startswith(MAY_NAME_VERSIONS) or PurePosixPath(path).name in DIALECT_FILES:
            continue
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VERSION_LITERAL.fullmatch(node.value):
                yield Breach(path, node.lineno, f"R6: a version literal, {node.value!r}, above the dialects")


def clocks(tree: Tree) -> Iterator[Breach]:
    """R21: one place reads the clock and sleeps. Benchmarks and tools measure real time; tests may, but never sleep."""
    for path in tree.written_by_hand("src/"):
        if path != CLOCK:
            for line, name in _mentions(tree.parsed(path), CLOCKS | SLEEPS):
                yield Breach(path, line, f"R21: {name} outside clock.py")
            for line in _loop_times(tree.parsed(path)):
                yield Breach(path, line, "R21: the loop's clock read outside clock.py")
    for path in tree.written_by_hand("tests/", "examples/"):
        for line, name in _mentions(tree.parsed(path), SLEEPS):
            yield Breach(path, line, f"R21, R33: {name}; advance the clock or wait for what is to happen")


def loose_tasks(tree: Tree) -> Iterator[Breach]:
    """R28: no task that nobody owns. A TaskGroup's own create_task, or a loop's into a set that is awaited, is the way."""
    for path in tree.written_by_hand(*EVERYWHERE):
        for line, name in _mentions(tree.parsed(path), LOOSE_TASKS):
            yield Breach(path, line, f"R28: {name}; use a TaskGroup or an owned set of tasks")


def _is_empty(name: str) -> bool:
    """Whether `name` begins or ends with an empty word; between others (`no_common_subprotocol`) it may have a meaning."""
    words = [word.lower() for word in WORD.findall(name)]
    return bool(words) and not EMPTY_WORDS.isdisjoint((words[0], words[-1]))


def _mentions(module: ast.Module, forbidden: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Where `module` uses one of `forbidden` (dotted names of the standard library), whatever it is imported as."""
    means: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                means[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                means[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute | ast.Name) and (name := _dotted(node, means)) in forbidden:
            yield node.lineno, name


def _dotted(node: ast.expr, means: dict[str, str]) -> str:
    """`dt.now` as "datetime.datetime.now" if that is what it means; an empty string for anything but plain names."""
    match node:
        case ast.Name():
            return means.get(node.id, "")
        case ast.Attribute() if owner := _dotted(node.value, means):
            return f"{owner}.{node.attr}"
        case _:
            return ""


def _loop_times(module: ast.Module) -> Iterator[int]:
    """Lines that call `time()` on an event loop, as far as names tell."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="time"), args=[]) if LOOP.search(ast.unparse(owner)):
                yield node.lineno
