from __future__ import annotations

import asyncio
import logging
import sys

import pytest

from forecourt.transport import run
from forecourt.transport.running import allow_many_files
from forecourt.transport.tasks import Tasks


def test_a_program_runs_on_uvloop_where_there_is_one() -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    assert run(main()) == ("uvloop" if "uvloop" in sys.modules else "asyncio")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_server_may_have_as_many_files_open_as_the_system_allows() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        allow_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_tasks_leave_nothing_behind_and_lose_no_error(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    events: list[str] = []

    async def fail() -> None:
        raise ZeroDivisionError("lost and found")

    async def wait(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            events.append(f"{name} ended")

    async def finish_from_within() -> None:
        await tasks.finish()
        events.append("finished")

    with caplog.at_level(logging.ERROR):
        tasks.start(fail())
        tasks.start(wait("one"))
        await asyncio.to_thread(lambda: None)
        await tasks.finish()
        await tasks.finish()
    assert events == ["one ended"]
    assert "lost and found" in caplog.text
    tasks.start(wait("two"))
    tasks.start(finish_from_within())
    while "finished" not in events:
        await asyncio.to_thread(lambda: None)
    assert events == ["one ended", "two ended", "finished"]
