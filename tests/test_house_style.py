"""The checks of the house style find what is planted, and leave alone what is right."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.house.__main__ import CHECKS, main
from tools.house.repository import commit_subjects, forbidden_text, stale_locks, undeclared_imports, wrong_with_subject
from tools.house.sources import clocks, empty_names, long_files, loose_tasks, version_literals
from tools.house.tree import Tree

REGISTRY = "py" + "pi.org"
PROJECT = """
[project]
dependencies = ["lxml>=6", "sqlalchemy[asyncio]>=2.1,<2.2"]
[dependency-groups]
build = ["hatchling"]
dev = [{ include-group = "build" }, "ruff==0.17.5"]
"""
RUN_LOCK = "lxml==6.1.3 \\\n    --hash=sha256:aa\nsqlalchemy==2.1.9 ; sys_platform != 'x' \\\n    --hash=sha256:bb\n"
DEV_LOCK = RUN_LOCK + "hatchling==1.33.0 \\\n    --hash=sha256:cc\nruff==0.17.5 \\\n    --hash=sha256:dd\n"


def tree_of(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Tree(root)


def locked(root: Path, project: str = PROJECT, run: str = RUN_LOCK, dev: str = DEV_LOCK) -> Tree:
    return tree_of(root, {"pyproject.toml": project, "requirements/run.txt": run, "requirements/dev.txt": dev})


def commit(root: Path, subject: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", subject], cwd=root, check=True)


@pytest.mark.parametrize(
    ("path", "source", "named"),
    [
        ("src/forecourt/utils.py", "", "utils"),
        ("src/forecourt/http_helpers.py", "", "http_helpers"),
        ("tools/common/names.py", "", "common"),
        ("src/forecourt/a.py", "class TransactionManager: ...", "TransactionManager"),
        ("tests/a.py", "def f():\n    class BaseCase: ...", "BaseCase"),
        ("src/forecourt/a.py", "class HTTPServiceImpl: ...", "HTTPServiceImpl"),
    ],
)
def test_a_name_that_says_nothing_is_found(tmp_path: Path, path: str, source: str, named: str) -> None:
    (breach,) = empty_names(tree_of(tmp_path, {path: source}))
    assert named in breach.what


def test_a_name_that_merely_contains_such_letters_is_left_alone(tmp_path: Path) -> None:
    files = {
        "src/forecourt/database.py": "class Baseline: ...",
        "src/forecourt/ocpp/v2/types.py": "class BaseReport: ...",
        "src/forecourt/ocpp/soap/operations.py": "class Service: ...",
    }
    assert not list(empty_names(tree_of(tmp_path, files)))


def test_a_long_file_is_found_unless_a_generator_wrote_it(tmp_path: Path) -> None:
    files = {
        "src/forecourt/a.py": "x = 1\n" * 501,
        "src/forecourt/b.py": "x = 1\n" * 500,
        "src/forecourt/ocpp/v16/types.py": "x = 1\n" * 9000,
    }
    assert [breach.path for breach in long_files(tree_of(tmp_path, files))] == ["src/forecourt/a.py"]


def test_a_version_literal_above_the_dialects_is_found(tmp_path: Path) -> None:
    source = 'def f(version):\n    return version in ("2.0.1", "ocpp1.6")\n'
    files = {
        "src/forecourt/csms/blocks/transactions/actions.py": source,
        "src/forecourt/csms/blocks/transactions/v16.py": source,
        "src/forecourt/ocpp/versions.py": source,
        "src/forecourt/a.py": 'X = "speaks 1.6 and 2.1"',
    }
    breaches = list(version_literals(tree_of(tmp_path, files)))
    assert [(breach.path, breach.line) for breach in breaches] == [
        ("src/forecourt/csms/blocks/transactions/actions.py", 2)
    ] * 2


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "import datetime as dt\ndt.datetime.utcnow()",
        "from datetime import datetime\nf(datetime.now)",
        "import time\ntime.time()",
        "from time import monotonic as now\nnow()",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from asyncio import sleep\nasync def f():\n    await sleep(1)",
        "async def f(self):\n    return self.loop.time()",
        "import asyncio\nasync def f():\n    return asyncio.get_running_loop().time()",
    ],
)
def test_a_clock_read_outside_its_place_is_found(tmp_path: Path, source: str) -> None:
    files = {"src/forecourt/transport/server.py": source, "src/forecourt/clock.py": source}
    assert [breach.path for breach in clocks(tree_of(tmp_path, files))] == ["src/forecourt/transport/server.py"]


def test_a_sleeping_test_is_found(tmp_path: Path) -> None:
    files = {"tests/test_a.py": "import time\ntime.sleep(1)\n", "bench/wire.py": "import time\ntime.sleep(1)\n"}
    assert [breach.path for breach in clocks(tree_of(tmp_path, files))] == ["tests/test_a.py"]


def test_what_merely_looks_like_a_clock_is_left_alone(tmp_path: Path) -> None:
    source = "from datetime import datetime\nclock.now()\ncall.time()\ndatetime(2026, 1, 1).time()\nnow = 1.0\nnow\n"
    assert not list(clocks(tree_of(tmp_path, {"src/forecourt/a.py": source})))


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasyncio.create_task(f())",
        "import asyncio as aio\naio.gather(f(), g())",
        "from asyncio import ensure_future\nensure_future(f())",
    ],
)
def test_a_task_that_nobody_owns_is_found(tmp_path: Path, source: str) -> None:
    (breach,) = loose_tasks(tree_of(tmp_path, {"src/forecourt/a.py": source}))
    assert breach.line == 2


def test_a_task_of_a_group_or_of_an_owned_set_is_left_alone(tmp_path: Path) -> None:
    source = (
        "import asyncio\n"
        "async def f():\n"
        "    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(g())\n"
        "    owned.add(asyncio.get_running_loop().create_task(g()))\n"
    )
    assert not list(loose_tasks(tree_of(tmp_path, {"src/forecourt/a.py": source})))


@pytest.mark.parametrize(
    "line",
    [
        f"see https://{REGISTRY}/simple",
        "-" + "-index-url https://mirror.example/simple",
        "-" + "-find-links wheels",
        '"resolved": "' + "https://registry.example/a.tgz",
        'SPEC = "/' + 'work/somewhere"',
        "cd .." + "/shared",
    ],
)
def test_text_that_ties_the_repository_to_a_place_is_found(tmp_path: Path, line: str) -> None:
    (breach,) = forbidden_text(tree_of(tmp_path, {"docs/a.md": f"first\n{line}\n"}))
    assert (breach.path, breach.line) == ("docs/a.md", 2)


def test_text_that_merely_resembles_a_place_is_left_alone(tmp_path: Path) -> None:
    text = "the PyPI package `ocpp`\nhttps://example.org/work/1\nframework/a\nlib/root/a\n"
    assert not list(forbidden_text(tree_of(tmp_path, {"docs/a.md": text})))


@pytest.mark.parametrize(
    ("subject", "what"),
    [
        ("Add frames.", "form"),
        ("ocpp: add frames.", "form"),
        ("ocpp: Add frames", "form"),
        ("OCPP: Add frames.", "form"),
        ("fix: Repair frames.", "area"),
        ("ocpp: Add" + " frames" * 10 + ".", "characters"),
    ],
)
def test_a_commit_subject_that_breaks_the_pattern_is_found(subject: str, what: str) -> None:
    assert what in (wrong_with_subject(subject) or "")


def test_a_good_commit_subject_is_left_alone() -> None:
    assert wrong_with_subject("smart_charging: Reject profiles whose periods are out of order.") is None


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git to make commits with")
def test_commits_that_the_main_branch_has_are_not_judged_again(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    assert not list(commit_subjects(Tree(tmp_path)))
    commit(tmp_path, "an old sin")
    (breach,) = commit_subjects(Tree(tmp_path))
    assert "an old sin" in breach.what
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=tmp_path, check=True)
    assert not list(commit_subjects(Tree(tmp_path)))
    commit(tmp_path, "a new sin")
    (breach,) = commit_subjects(Tree(tmp_path))
    assert "a new sin" in breach.what


def test_without_git_files_are_still_found_and_commits_are_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {".git/config": "", "src/a.py": "", ".ci/run": "", ".venv/b.py": "", "node_modules/c.py": ""}
    tree = tree_of(tmp_path, files)
    monkeypatch.setenv("PATH", "")
    assert tree.paths == (".ci/run", "src/a.py")
    assert not list(commit_subjects(tree))


def test_a_file_that_goes_away_meanwhile_is_no_breach(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {"scratch/a.txt": REGISTRY})
    assert len(list(forbidden_text(tree))) == 1
    (tmp_path / "scratch/a.txt").unlink()
    assert not list(forbidden_text(tree))


def test_locks_that_pin_everything_are_left_alone(tmp_path: Path) -> None:
    assert not list(stale_locks(locked(tmp_path)))


def test_a_dependency_that_is_not_locked_is_found(tmp_path: Path) -> None:
    breaches = list(stale_locks(locked(tmp_path, project=PROJECT.replace('"lxml>=6"', '"lxml>=6", "click"'))))
    assert [breach.path for breach in breaches] == ["requirements/run.txt", "requirements/dev.txt"]
    assert all("click" in breach.what for breach in breaches)


def test_a_build_dependency_that_is_not_locked_is_found(tmp_path: Path) -> None:
    (breach,) = stale_locks(locked(tmp_path, dev=DEV_LOCK.replace("hatchling", "flit")))
    assert "hatchling" in breach.what


def test_a_pin_outside_the_bounds_is_found(tmp_path: Path) -> None:
    (breach,) = stale_locks(locked(tmp_path, project=PROJECT.replace("ruff==0.17.5", "ruff==0.18.0")))
    assert breach.path == "requirements/dev.txt"


def test_a_pin_without_a_hash_is_found(tmp_path: Path) -> None:
    (breach,) = stale_locks(locked(tmp_path, dev=DEV_LOCK.replace(" \\\n    --hash=sha256:dd", "")))
    assert "ruff==0.17.5 has no hash" in breach.what


def test_locks_that_disagree_are_found(tmp_path: Path) -> None:
    (breach,) = stale_locks(locked(tmp_path, run=RUN_LOCK.replace("2.1.9", "2.1.8")))
    assert "sqlalchemy" in breach.what


def test_an_import_that_is_not_declared_is_found(tmp_path: Path) -> None:
    tree = locked(tmp_path)
    tree_of(
        tmp_path, {"src/forecourt/a.py": "import ast\nfrom . import b\nimport lxml.etree\nfrom pytest import raises\n"}
    )
    (breach,) = undeclared_imports(tree)
    assert (breach.line, breach.what.split()[0]) == (4, "pytest")


def test_a_breach_is_printed_with_its_place_and_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locked(tmp_path)
    assert main(tmp_path) == 0
    tree_of(tmp_path, {"src/forecourt/utils.py": ""})
    assert main(tmp_path) == 1
    assert "src/forecourt/utils.py:1: R2:" in capsys.readouterr().out


def test_every_check_is_run() -> None:
    assert set(CHECKS) == {
        clocks,
        commit_subjects,
        empty_names,
        forbidden_text,
        long_files,
        loose_tasks,
        stale_locks,
        undeclared_imports,
        version_literals,
    }
