"""Row-level security: what the API's role sees of a table, by the organisations its request was granted.

Every transaction of the API begins with `set_config('forecourt.scope', '3,7', true)`, the numbers of organisations, or
'*' for the platform's administrators. A scope that was not set sees nothing. The owner of the tables (gateway, jobs,
journal) is not bound.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from forecourt.csms.store.engine import API

SETTING: Final = "forecourt.scope"
EVERYTHING: Final = "*"

_VISIBLE: Final = (
    f"(current_setting('{SETTING}', true) = '{EVERYTHING}' OR {{column}} = ANY "
    f"(string_to_array(nullif(current_setting('{SETTING}', true), '{EVERYTHING}'), ',')::bigint[]))"
)


def enable(connection: Connection, table: str, column: str = "organisation_id") -> None:
    """Let the API's role read and write `table`, but only rows whose `column` is in its scope. For migrations."""
    visible = _VISIBLE.format(column=f'"{column}"')
    for statement in (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_scope" ON "{table}" TO {API} USING ({visible}) WITH CHECK ({visible})',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {API}',
    ):
        connection.execute(text(statement))
