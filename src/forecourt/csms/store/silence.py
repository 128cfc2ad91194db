"""A server that neither answers nor goes away: frozen, or behind a network that swallows everything.

It heeds no `statement_timeout`, so we hang up ourselves. Only connections for which `expect` has said how long a statement may
take are watched: to migrate or to tidy up may take hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any, Final

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

GRACE_S: Final = 3.0
"""How much longer than a statement may take we wait: the server ends it before, if there is one."""

_LONGEST_S: Final = "longest_s"


def watch(engine: AsyncEngine) -> None:
    """Hang up on statements that take too long, on connections of `engine` that `expect` is called for."""
    event.listen(engine.sync_engine, "before_cursor_execute", _begins)
    event.listen(engine.sync_engine, "after_cursor_execute", _ended)
    event.listen(engine.sync_engine, "handle_error", _failed)


def expect(connection: AsyncConnection, longest_s: float | None) -> None:
    """Let no statement take longer than that, from now on and until it is None."""
    connection.sync_connection.info[_LONGEST_S] = longest_s  # type: ignore[union-attr]  # it is there while it is open


def _begins(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    info: MutableMapping[Any, Any] = connection.info
    longest_s = info.get(_LONGEST_S)
    if longest_s is None:
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, asyncpg.Connection)  # noqa: S101 - the engine knows no other driver
    context.hanging_up = asyncio.get_running_loop().call_later(longest_s + GRACE_S, driver.terminate)


def _ended(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    _forget(context)


def _failed(failure: ExceptionContext) -> None:
    _forget(failure.execution_context)


def _forget(context: ExecutionContext | None) -> None:
    hanging_up: asyncio.TimerHandle | None = getattr(context, "hanging_up", None)
    if hanging_up is not None:
        hanging_up.cancel()
