"""Checks of the repository as a whole: what no file may say, what commits look like (R37), whether dependencies are
declared and locked."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.house.tree import Breach, Tree

# Written so that no pattern matches itself.
FORBIDDEN = {
    re.compile(r"py[p]i\.org|pythonhosted[.]org|npmjs[.]org|yarnpkg[.]com"): "the address of a package registry",
    re.compile(
        r"--(extra-)?inde[x]-url|--find-link[s]|--trusted-hos[t]"
    ): "an option that says where packages come from",
    re.compile(r'"resolved":\s*"htt[p]'): "the address a package was resolved to",
    re.compile(r"(?<![\w.])/(work|root|home/\w+|opt/(wheels|pypi))[/]"): "an absolute path of somebody's machine",
    re.compile(r"\.\./share[d]|\bshare[d]/(spec|study)\b|\.librar[y]/"): "a place outside the repository",
}

SUBJECT = re.compile(r"(?P<area>[a-z_]+): [A-Z].*\.")
LONGEST_SUBJECT = 72
NO_AREA = frozenset({"chore", "feat", "feature", "fix", "fixes", "misc", "refactor", "style", "wip"})

PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]*)?\s*\\?$")


def forbidden_text(tree: Tree) -> Iterator[Breach]:
    """Nothing that ties the repository to one machine or one registry."""
    for path in tree.paths:
        for number, line in enumerate(tree.text(path).splitlines(), start=1):
            for pattern, what in FORBIDDEN.items():
                if found := pattern.search(line):
                    yield Breach(path, number, f"{what}: {found[0]}")


def commit_subjects(tree: Tree) -> Iterator[Breach]:
    """R37: `area: Imperative sentence.` for each commit that the main branch does not have yet.

    Where there is no git, no commit or a shallow clone, whatever can be seen is judged.
    """
    # The brackets make a pattern of the name: of a plain name git would take what lies below it.
    log = tree.git("log", "--no-merges", "--format=%h %s", "HEAD", "--not", "--remotes=origin/mai[n]")
    for line in (log or "").splitlines():
        commit, _, subject = line.partition(" ")
        if what := wrong_with_subject(subject):
            yield Breach(f"commit {commit}", 1, f"R37: {what}: {subject!r}")


def wrong_with_subject(subject: str) -> str | None:
    """What is wrong with the first line of a commit message, or None."""
    match = SUBJECT.fullmatch(subject)
    if match is None:
        return "not of the form `area: Imperative sentence.`"
    if match["area"] in NO_AREA:
        return f"{match['area']!r} is a kind of change, not an area"
    if len(subject) > LONGEST_SUBJECT:
        return f"{len(subject)} characters, more than {LONGEST_SUBJECT}"
    return None


def stale_locks(tree: Tree) -> Iterator[Breach]:
    """Each lock pins everything pyproject.toml asks for, within its bounds, with hashes; both locks agree."""
    project = tomllib.loads(tree.text("pyproject.toml"))
    run = list(project["project"]["dependencies"])
    dev = run + list(_group(project["dependency-groups"], "dev"))
    pins_of = {}
    for lock, wanted in (("requirements/run.txt", run), ("requirements/dev.txt", dev)):
        pins_of[lock] = pins = _pins(tree.text(lock))
        for requirement in map(Requirement, wanted):
            versions = pins.get(canonicalize_name(requirement.name), {})
            if not versions or not all(requirement.specifier.contains(version) for version in versions):
                yield Breach(lock, 1, f"does not satisfy `{requirement}`: run `make lock`")
        for name, versions in pins.items():
            for version, hashes in versions.items():
                if not hashes:
                    yield Breach(lock, 1, f"{name}=={version} has no hash")
    for name, versions in pins_of["requirements/run.txt"].items():
        if versions.keys() - pins_of["requirements/dev.txt"].get(name, {}).keys():
            yield Breach(
                "requirements/run.txt", 1, f"{name} is not at the version that dev.txt tests with: run `make lock`"
            )


def undeclared_imports(tree: Tree) -> Iterator[Breach]:
    """The package declares as dependency whatever it imports, rather than have it by way of another dependency."""
    project = tomllib.loads(tree.text("pyproject.toml"))
    declared = {canonicalize_name(Requirement(one).name) for one in project["project"]["dependencies"]}
    providers = packages_distributions()
    for path in tree.written_by_hand("src/"):
        for line, names in _imported(tree.parsed(path)):
            for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"forecourt"}:
                if declared.isdisjoint(canonicalize_name(provider) for provider in providers.get(name, ())):
                    yield Breach(path, line, f"{name} is imported and not among the dependencies of pyproject.toml")


def _imported(module: ast.Module) -> Iterator[tuple[int, list[str]]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield node.lineno, [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, [node.module or ""]


def _group(groups: dict[str, Any], name: str) -> Iterable[str]:
    for entry in groups[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _group(groups, entry["include-group"])


def _pins(lock: str) -> dict[str, dict[str, int]]:
    """Version and number of hashes of each package; a package may have several versions, told apart by markers."""
    pins: dict[str, dict[str, int]] = {}
    name = version = ""
    for line in lock.splitlines():
        if match := PIN.match(line):
            name, version = canonicalize_name(match["name"]), match["version"]
            pins.setdefault(name, {})[version] = 0
        elif "--hash=sha256:" in line:
            pins[name][version] += 1
    return pins
