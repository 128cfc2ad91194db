"""Talking to a running server: which one, with whose rights, and what it says in words for people or for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import click
import httpx2
import msgspec
from rich.table import Table

from forecourt.cli import whereabouts
from forecourt.cli.demo_folder import default_folder
from forecourt.cli.screens import screen
from forecourt.cli.settings import Failure, read

Command = TypeVar("Command", bound=Callable[..., Any])
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

URL_VARIABLE, KEY_VARIABLE = "FORECOURT_URL", "FORECOURT_KEY"
_LIMIT_S: Final = 30.0
_PAGE: Final = 200


class NoServer(Failure):
    """There is nobody to talk to."""

    exit_code = 3


class Api:
    """The API of a running server, and how to print what it answers."""

    def __init__(self, client: httpx2.Client, *, as_json: bool, station_urls: Sequence[str] = ()) -> None:
        self._client = client
        self.as_json = as_json
        self.station_urls = list(station_urls)
        """Where stations connect, as far as the server has told."""
        # What stations and people are called is text, whatever brackets are in it.
        self._console = screen(markup=False)

    def ask(self, method: Method, path: str, body: object = None, **query: Any) -> Any:
        """What the API answers. Raises Failure with its words."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._client.request(method, f"/api/v1{path}", params=given, json=body)
        except httpx2.TransportError as error:
            raise NoServer(f"{self._client.base_url} cannot be reached: {error}") from error
        if answer.status_code >= 400:
            raise Failure(_problem(answer))
        return answer.json() if answer.content else None

    def all(self, path: str, **query: Any) -> Iterator[Mapping[str, Any]]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = self.ask("GET", path, limit=_PAGE, cursor=cursor, **query)
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return

    def the_one(self, path: str, what: str, field: str, value: str, /, **query: Any) -> Mapping[str, Any]:
        """The item of a list whose `field` is `value`, whatever its case. Raises Failure if there is none."""
        for item in self.all(path, **query):
            if str(item[field]).casefold() == value.casefold():
                return item
        raise Failure(f"there is no {what} {value}")

    def show(self, item: object, words: str | Table) -> None:
        """Print an item: as it came, or in words."""
        if self.as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(item), indent=2))
        else:
            self._console.print(words)

    def table(
        self, items: Sequence[Mapping[str, Any]], columns: Mapping[str, Callable[[Any], object]], none: str
    ) -> None:
        """Print a list: as it came, or as a table."""
        table: str | Table = none
        if items:
            table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
            rows = [[_text(show(item)) for show in columns.values()] for item in items]
            for place, title in enumerate(columns):
                # What a thing is called stays whole, however narrow the window, because other commands want it.
                whole = max(len(title), *(len(row[0]) for row in rows)) if place == 0 else None
                table.add_column(title, min_width=whole, overflow="fold")
            for row in rows:
                table.add_row(*row)
        self.show(list(items), table)


def options(command: Command) -> Command:
    """`--url`, `--key`, `--config`, `--data` and `--json`; the command is given an `Api`."""

    def with_api(
        *arguments: Any,
        url: str | None,
        key: str | None,
        file: Path | None,
        data: Path | None,
        as_json: bool,
        **more: Any,
    ) -> None:
        with _Client(url, key, file, data) as (client, urls):
            command(Api(client, as_json=as_json, station_urls=urls), *arguments, **more)

    with_api.__doc__, with_api.__name__ = command.__doc__, command.__name__
    with_api.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]  # click keeps options of a function here
    made: Any = with_api
    path = click.Path(path_type=Path)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print what the API answers, for programs."),
        click.option("--data", type=path, help="The data folder of the server on this machine."),
        click.option("--config", "file", type=path, help="The settings of the server on this machine."),
        click.option("--key", envvar=KEY_VARIABLE, show_envvar=True, help="An API key for --url."),
        click.option("--url", envvar=URL_VARIABLE, show_envvar=True, help="A server elsewhere: https://..."),
    ):
        made = option(made)
    return made  # type: ignore[no-any-return]  # it is what was given, with more options


class _Client:
    """A client for the server that is meant, with the right to do what is asked."""

    def __init__(self, url: str | None, key: str | None, file: Path | None, data: Path | None) -> None:
        if url is not None:
            if key is None:
                raise Failure(f"--url needs --key, or {KEY_VARIABLE} in the environment")
            self._urls: list[str] = []
        else:
            folder, told = _local(file, data)
            url, self._urls = told.api_url, told.station_urls
            key = key or _local_key(folder)
        self._client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=_LIMIT_S)

    def __enter__(self) -> tuple[httpx2.Client, list[str]]:
        return self._client, self._urls

    def __exit__(self, *error: object) -> None:
        self._client.close()


def _local(file: Path | None, data: Path | None) -> tuple[Path, whereabouts.Whereabouts]:
    """The server on this machine: that of the settings, or else the demo."""
    folder = read(file, data).database.folder
    folders = [folder] if data is not None else [folder, default_folder()]
    for one in folders:
        told = whereabouts.of(one)
        if told is not None:
            return one, told
    places = " or ".join(str(one.absolute()) for one in folders)
    raise NoServer(
        f"no server runs with its data in {places}. Start one with `forecourt serve`, name its folder with --data, or"
        " name a server elsewhere with --url and --key."
    )


def _local_key(folder: Path) -> str:
    path = folder / "secrets" / "local-administration"
    try:
        return path.read_bytes().hex()
    except OSError as error:
        raise Failure(
            f"{path}: {error.strerror}. Use the account that runs the server, or give an API key with --key."
        ) from error


def _problem(answer: httpx2.Response) -> str:
    """A problem in words: what is wrong, and where."""
    try:
        problem = answer.json()
        words = [str(problem.get("detail") or problem.get("title") or answer.status_code)]
        words += [
            f"  {fault['path']}: {fault['message']}" for fault in problem.get("errors") or () if fault.get("path")
        ]
    except (ValueError, AttributeError, KeyError, TypeError):
        return f"{answer.request.url} answered {answer.status_code}: is this a Forecourt server?"
    if answer.status_code == 401:
        words.append("  the key is not right, or has expired")
    return "\n".join(words)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return str(value)
