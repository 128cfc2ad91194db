"""Row-level security: what the API's role sees of a table, by the organisations its request was granted.

Every transaction of the API begins with `set_config('forecourt.scope', '3,7', true)`, the numbers of organisations, or
'*' for the platform's administrators; `forecourt.sites` narrows that to some sites, save in the organisations of
`forecourt.whole`. A scope that was not set sees nothing. The owner of the tables (gateway, jobs, journal) is not bound.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from forecourt.csms.store.engine import API

SETTING: Final = "forecourt.scope"
SITES: Final = "forecourt.sites"
WHOLE: Final = "forecourt.whole"
EVERYTHING: Final = "*"
LOOKED_INTO: Final = frozenset({"station", "transaction", "user_grant"})
"""Tables by which the policies of other tables judge a row: theirs have to be written before, by a statement of their own."""


def numbers_of(setting: str) -> str:
    """The SQL of the numbers in a setting, none if it was not set. Worked out once per statement, not for every row."""
    return f"ARRAY(SELECT unnest(string_to_array(nullif(current_setting('{setting}', true), '{EVERYTHING}'), ',')::bigint[]))"


def is_set(setting: str, value: str) -> str:
    """The SQL of whether a setting has a value; also worked out once.

    The planner takes half of all rows to be meant where it sees a subquery, and next to none where it sees a comparison.
    """
    return f"(SELECT coalesce(current_setting('{setting}', true), '') = '{value}')"


_VISIBLE: Final = f"({is_set(SETTING, EVERYTHING)} OR {{column}} = ANY ({numbers_of(SETTING)}))"
_ELSEWHERE: Final = f"{is_set(SITES, '')} OR organisation_id = ANY ({numbers_of(WHOLE)})"
_SITES: Final = f"ANY ({numbers_of(SITES)})"


@dataclass(frozen=True, slots=True)
class Scope:
    """What one request may see: the data of some organisations (None: of all). Where `sites` are named, only what belongs to
    them, but for the organisations in `whole`."""

    organisations: frozenset[int] | None = frozenset()
    sites: frozenset[int] | None = None
    whole: frozenset[int] = frozenset()

    def sees(self, organisation: int, site: int | None) -> bool:
        """Whether it reaches what belongs to a site of an organisation: what row-level security would say."""
        if self.organisations is not None and organisation not in self.organisations:
            return False
        return self.sites is None or organisation in self.whole or site in self.sites

    def statement(self) -> str:
        """What lets a transaction see this and nothing else, whatever it asks for. It holds numbers and nothing from outside."""
        organisations = EVERYTHING if self.organisations is None else _list(self.organisations)
        # No site has number 0; an empty text would lift the restriction.
        sites = "" if self.sites is None else _list(self.sites) or "0"
        values = {SETTING: organisations, SITES: sites, WHOLE: _list(self.whole)}
        return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in values.items())


def _list(numbers: Collection[int]) -> str:
    return ",".join(str(int(number)) for number in sorted(numbers))


def restrict_to_sites(
    connection: Connection,
    table: str,
    *,
    station: str = "",
    site: str = "",
    transaction: str = "",
    reading_only: bool = False,
) -> None:
    """Let a scope that is restricted to sites see only rows of these. For migrations, after `enable`.

    One column is named: the one with a station's number, a site's, or a transaction's. `reading_only` leaves writing as it is.
    """
    if site:
        theirs = f'"{site}" = {_SITES}'
    elif transaction:
        theirs = f'"{transaction}" IN (SELECT id FROM transaction)'  # noqa: S608 - our own names
    else:
        theirs = f'"{station}" IN (SELECT id FROM station WHERE site_id = {_SITES})'  # noqa: S608 - our own names
    seen = f"({_ELSEWHERE} OR {theirs})"
    what = f"FOR SELECT TO {API} USING {seen}" if reading_only else f"TO {API} USING {seen} WITH CHECK {seen}"
    connection.execute(text(f'CREATE POLICY "{table}_sites" ON "{table}" AS RESTRICTIVE {what}'))


def enable(connection: Connection, table: str, column: str = "organisation_id") -> None:
    """Let the API's role read and write `table`, but only rows whose `column` is in its scope. For migrations."""
    visible = _VISIBLE.format(column=f'"{column}"')
    for statement in (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'CREATE POLICY "{table}_scope" ON "{table}" TO {API} USING ({visible}) WITH CHECK ({visible})',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {API}',
    ):
        connection.execute(text(statement))
