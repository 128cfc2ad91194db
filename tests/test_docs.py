"""What the documents show works: the examples run, and no link leads nowhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from examples import all_versions
from forecourt import transport
from tests.cli.csms import Csms

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PORT = "9000"


async def test_the_examples_of_the_readme_talk_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    csms, station = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    mains: list[Coroutine[Any, Any, None]] = []
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    printed: asyncio.Queue[str] = asyncio.Queue()

    @asynccontextmanager
    async def serve_anywhere(port: int, **options: Any) -> AsyncGenerator[transport.Server, None]:
        assert str(port) == PORT
        async with real_serve("localhost", 0, **options) as server:
            listening.set_result(server.port)
            yield server

    real_serve = transport.serve
    monkeypatch.setattr(transport, "serve", serve_anywhere)
    monkeypatch.setattr(transport, "run", mains.append)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        exec(csms, {"print": printed.put_nowait})
        server = group.create_task(mains.pop())
        port = await listening
        exec(station.replace(PORT, str(port)), {"print": printed.put_nowait})
        client = group.create_task(mains.pop())
        lines = {await printed.get() for _ in range(3)}
        client.cancel()
        server.cancel()
    assert lines == {
        "CP1 is a Wallbox and speaks 2.1",
        "the station will reset: Scheduled",
        "the management system says: Accepted",
    }


async def test_the_example_of_all_versions_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    async with asyncio.timeout(30):
        await all_versions.main()
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "All four have talked to each other."
    assert sum("is Accepted" in line for line in said) == 4


async def test_the_tests_that_the_guide_shows_pass() -> None:
    page = (ROOT / "docs/how-to/test-with-stations.md").read_text(encoding="utf-8")
    over_sockets, in_virtual_time = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    shown: dict[str, Any] = {}
    exec(over_sockets, shown)
    exec(in_virtual_time, shown)
    shown["test_a_day_of_a_station"]()
    async with transport.serve("127.0.0.1", 0, handlers=Csms().handlers) as server, asyncio.timeout(30):
        await shown["test_a_session_is_accepted"](f"ws://127.0.0.1:{server.port}/ocpp")


def test_the_block_that_is_walked_file_by_file_has_these_files_and_words() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## One block, file by file")[2]
    page = page.partition("\n## ")[0]
    (place,) = re.findall(r"is in `(src/\S+/)`", page)
    rows = dict(re.findall(r"^\| `(\w+\.py)` \| (.*) \|$", page, flags=re.MULTILINE))
    assert set(rows) == {file.name for file in (ROOT / place).glob("*.py")} - {"__init__.py"}
    for name, words in rows.items():
        code = (ROOT / place / name).read_text(encoding="utf-8")
        for word in re.findall(r"`(\w+)(?:\(\))?`", words):
            assert word in code, f"{word} is not in {name}"
    for name, word in re.findall(r"`(v16|v2)\.(\w+)`", page):
        if word != "py":
            assert word in (ROOT / place / f"{name}.py").read_text(encoding="utf-8"), word
    for path in re.findall(r"`((?:gateway|stations|store|csms)/[\w/]+(?:\.py|/))`", page):
        assert any((ROOT / "src/forecourt" / start / path).exists() for start in ("", "csms")), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert re.match(r"https?://", target) or (page.parent / target).exists(), target
