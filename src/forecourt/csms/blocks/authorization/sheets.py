"""Tokens as CSV: the columns of an export are what an import takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import TokenData
from forecourt.csms.blocks.authorization.shapes import TokenBody, TokenOut, plain
from forecourt.csms.blocks.authorization.tokens import MAX_IMPORT, Imported, RefusedLine
from forecourt.csms.web.flaws import placed
from forecourt.errors import Invalid

_FIELDS: Final = tuple(name for name in TokenBody.__struct_fields__ if name != "organisation_id")
_NAMES: Final[Mapping[str, str]] = {
    encoded: name
    for name, encoded in zip(TokenBody.__struct_fields__, TokenBody.__struct_encode_fields__, strict=True)
    if name != "organisation_id"
}
COLUMNS: Final = tuple(_NAMES)
_JSON: Final = frozenset({"places"})
_LISTS: Final = frozenset({"evse_kinds"})


def cells_of(token: TokenOut) -> list[object]:
    """A token as a line of the export."""
    cells: list[object] = []
    for name in _FIELDS:
        value = getattr(token, name)
        if value is not None and name in _JSON:
            value = msgspec.json.encode(value).decode()
        elif value is not None and name in _LISTS:
            value = " ".join(value)
        cells.append("unlimited" if name == "max_concurrent" and value is None else value)
    return cells


class Sheet:
    """What an import says, line by line: what can be read of it, and what cannot."""

    def __init__(self, text: str) -> None:
        """Raises Invalid for what is no table of tokens."""
        self.lines: list[TokenData] = []
        self.refused: list[RefusedLine] = []
        self._places: list[int] = []
        try:
            reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
            columns = _columns(reader.fieldnames)
            for row in reader:
                self._take(row, columns, reader.line_num)
                if len(self.lines) + len(self.refused) > MAX_IMPORT:
                    message = f"an import has at most {MAX_IMPORT} tokens"
                    raise Invalid("import_too_long", message, {"csv": message})
        except csv.Error as error:
            message = f"this is no CSV: {error}"
            raise Invalid("import_unreadable", message, {"csv": message}) from error

    def all_refused(self, imported: Imported) -> list[RefusedLine]:
        """Every line that was left out, here or by the import, by its number in the file."""
        by_import = [RefusedLine(self._places[line.index], line.why) for line in imported.refused]
        return sorted([*self.refused, *by_import], key=lambda line: line.index)

    def _take(self, row: Mapping[str | Any, Any], columns: Sequence[str], line: int) -> None:
        try:
            if None in row or None in row.values():
                raise Invalid("line_length", "as many values as there are columns")
            fields = {
                column.strip(): _value(_NAMES[column.strip()], cell)
                for column in columns
                if (cell := row[column]) != "" or _NAMES[column.strip()] == "value"
            }
            body = msgspec.convert(fields, TokenBody, strict=False)
        except Invalid as error:
            self.refused.append(RefusedLine(line, error))
            return
        except (ValueError, msgspec.ValidationError) as error:
            self.refused.append(RefusedLine(line, Invalid("line_invalid", str(error), dict([placed(str(error))]))))
            return
        given = {name: getattr(body, name) for name in _FIELDS if name not in ("value", "kind")}
        self.lines.append(TokenData(token=Token(body.value, body.kind), **plain(given)))
        self._places.append(line)


def _columns(named: Sequence[str] | None) -> list[str]:
    columns = [name.strip() for name in named or ()]
    for column in columns:
        if column not in _NAMES:
            message = f"there is no column {column!r}; known are {', '.join(_NAMES)}"
            raise Invalid("import_column_unknown", message, {"csv": message})
    if "value" not in columns or len(set(columns)) != len(columns):
        message = "the first line names the columns, each once, and `value` is one of them"
        raise Invalid("import_without_header", message, {"csv": message})
    return list(named or ())


def _value(name: str, cell: str) -> Any:
    # An export writes an apostrophe before what a spreadsheet would take for a formula.
    cell = cell[1:] if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@") else cell
    if name == "max_concurrent" and cell == "unlimited":
        return None
    if name in _JSON:
        return msgspec.json.decode(cell)
    return cell.split() if name in _LISTS else cell
