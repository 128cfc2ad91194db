"""Events that came from another server, by a backup or a move of the database."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# PostgreSQL's number for what was always committed, below every number it gives out.
_BEFORE_ALL = "'2'::xid8"


async def reorder_restored_events(connection: AsyncConnection) -> bool:
    """Put events whose transaction numbers this server has not reached yet before all new ones; True if there were any.

    Transaction numbers belong to a server. In a restored database they may lie in the future: readers would wait for them
    for months, and would then meet new events before old ones. All restored events get one number below all others and
    keep their ids; each reader goes back to the first event it had not seen, so it may meet some twice, but misses none.
    """
    foreign = "SELECT EXISTS (SELECT FROM event WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))"
    if not (await connection.execute(text(foreign))).scalar_one():
        return False
    behind = "(xid, id) < (SELECT h.xid, h.id FROM event_horizon AS h)"
    await connection.execute(text(f"UPDATE event_cursor SET xid = '0'::xid8, id = 0 WHERE {behind}"))  # noqa: S608
    for table in ("event_cursor", "event_horizon"):
        first_unseen = f"(SELECT min(e.id) FROM event AS e WHERE (e.xid, e.id) > ({table}.xid, {table}.id))"  # noqa: S608
        last = "(SELECT coalesce(max(id), 0) + 1 FROM event)"
        await connection.execute(
            text(
                f"UPDATE {table} SET xid = {_BEFORE_ALL}, id = coalesce({first_unseen}, {last}) - 1"  # noqa: S608
                " WHERE xid > '0'::xid8"
            )
        )
    await connection.execute(text(f"UPDATE event SET xid = {_BEFORE_ALL}"))  # noqa: S608
    return True
