"""A scenario as it is written: TOML, read into steps. docs/how-to/write-a-scenario.md tells it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from forecourt.station.disturbed import Impossible
from forecourt.station.scenario.matching import COMPARISONS
from forecourt.station.setup import Setup, WrongSetup, setup_of
from forecourt.station.workbench.doings import Doing, given

_PLACEHOLDER: Final = re.compile(r"\$\{([\w-]+)\}")
_REQUEST: Final = re.compile(r"[A-Z]+ https?://\S+")
_DEEPEST: Final = 5


class WrongScenario(ValueError):
    """The file is no scenario; says where and why, for people."""


class _Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """`name` is for reports. With `chance` (0 to 1) the step is taken only sometimes, as the seed will have it."""

    name: str = ""
    chance: float = 1.0


class Do(_Step, frozen=True):
    """Something is done to the station."""

    doing: Doing

    @property
    def title(self) -> str:
        fields = msgspec.to_builtins(self.doing)
        return " ".join(["do", fields.pop("do"), *(f"{name}={value}" for name, value in fields.items())])


class Wait(_Step, frozen=True):
    """Time passes: seconds, or two bounds between which the seed chooses."""

    wait_s: float | tuple[float, float]

    @property
    def title(self) -> str:
        return f"wait {self.wait_s} s"


class Expect(_Step, frozen=True):
    """A record of this kind comes, after what was last done or expected. `where` is about the payload, `answer` about ours."""

    expect: str
    action: str = "*"
    evse: int | None = None
    where: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    text: Any = None
    within_s: float | None = None

    @property
    def title(self) -> str:
        return f"expect {self.expect}" + ("" if self.action == "*" else f" {self.action}")


class Never(_Step, frozen=True):
    """No such record comes for a while."""

    never: str
    for_s: float
    action: str = "*"
    evse: int | None = None
    where: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    text: Any = None

    @property
    def title(self) -> str:
        return f"never {self.never}" + ("" if self.action == "*" else f" {self.action}")


class State(_Step, frozen=True):
    """The station is so, or becomes so in time: paths into its state."""

    state: dict[str, Any]
    within_s: float | None = None

    @property
    def title(self) -> str:
        return "state " + ", ".join(f"{path}={value}" for path, value in self.state.items())


class Request(_Step, frozen=True):
    """A program is asked over HTTP, such as the API of the management system: `request` is method and URL.

    Its answer has this status (without one: any of success), and its JSON is as `where` says.
    """

    request: str
    headers: dict[str, str] = {}
    json: Any = None
    status: int | None = None
    where: dict[str, Any] = {}
    within_s: float | None = None

    @property
    def title(self) -> str:
        return self.request


class Repeat(_Step, frozen=True):
    """Some steps, several times."""

    repeat: int
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        return f"repeat {self.repeat} times"


Step: TypeAlias = "Do | Wait | Expect | Never | State | Request | Repeat"

_BY_KEY: Final[Mapping[str, type[Wait | Expect | Never | State | Request]]] = {
    "wait-s": Wait,
    "expect": Expect,
    "never": Never,
    "state": State,
    "request": Request,
}


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """`timeout_s` is how long anything expected may take, unless its step says otherwise."""

    name: str
    timeout_s: float
    station: Setup
    steps: tuple[Step, ...]


def read_scenario(path: Path, values: Mapping[str, str]) -> Scenario:
    """Read a file. `values` replace those of its `[values]`, which stand where `${name}` is. Raises OSError, WrongScenario."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongScenario(f"{path}: {error}") from error
    try:
        return _scenario(found, path.stem, values)
    except (WrongScenario, WrongSetup) as error:
        raise WrongScenario(f"{path}: {error}") from error


def _scenario(found: dict[str, Any], name: str, values: Mapping[str, str]) -> Scenario:
    known = found.pop("values", {})
    if not isinstance(known, dict):
        raise WrongScenario("values is a table")
    filled = _filled(found, {**known, **values})
    unknown = filled.keys() - {"name", "timeout-s", "station", "step"}
    if unknown:
        raise WrongScenario(f"{', '.join(sorted(unknown))}: not a part of a scenario")
    steps = filled.get("step", [])
    if not isinstance(steps, list) or not steps:
        raise WrongScenario("there is no [[step]]")
    timeout_s = filled.get("timeout-s", 30.0)
    if not isinstance(timeout_s, int | float) or timeout_s <= 0:
        raise WrongScenario("timeout-s is a number of seconds")
    return Scenario(
        name=str(filled.get("name", name)),
        timeout_s=float(timeout_s),
        station=setup_of(filled.get("station", {}), "station"),
        steps=tuple(_step(step, f"step {number}") for number, step in enumerate(steps, 1)),
    )


def _step(fields: Any, where: str, depth: int = 1) -> Step:
    if not isinstance(fields, dict):
        raise WrongScenario(f"{where}: a step is a table")
    try:
        if "do" in fields:
            rest = {name: value for name, value in fields.items() if name not in ("name", "chance")}
            shared = {name: value for name, value in fields.items() if name in ("name", "chance")}
            return Do(doing=given(rest), **shared)
        if "repeat" in fields:
            return _repeat(fields, where, depth)
        kind = next((kind for key, kind in _BY_KEY.items() if key in fields), None)
        if kind is None:
            raise WrongScenario(f"{where}: one of do, repeat, {', '.join(_BY_KEY)} is needed")
        step = msgspec.convert(fields, kind)
        if isinstance(step, Request) and not _REQUEST.fullmatch(step.request):
            raise WrongScenario(f"{where}: request is a method and a URL, such as GET http://127.0.0.1/")
    except (msgspec.ValidationError, Impossible) as error:
        raise WrongScenario(f"{where}: {error}") from error
    wrong = next((name for name in _compared(step) if name not in COMPARISONS), None)
    if wrong is not None:
        raise WrongScenario(f"{where}: {wrong}: one of {', '.join(COMPARISONS)}")
    return step


def _compared(step: Step) -> Iterator[str]:
    """The names of all comparisons in a step."""
    wanted: list[Any] = []
    if isinstance(step, Expect | Never):
        wanted = [*step.where.values(), *step.answer.values(), step.text]
    elif isinstance(step, Request):
        wanted = list(step.where.values())
    elif isinstance(step, State):
        wanted = list(step.state.values())
    for one in wanted:
        if isinstance(one, dict):
            yield from one


def _repeat(fields: dict[str, Any], where: str, depth: int) -> Repeat:
    if depth > _DEEPEST:
        raise WrongScenario(f"{where}: too deep")
    inner = fields.get("steps")
    if not isinstance(inner, list) or not isinstance(fields["repeat"], int) or fields.keys() - {
        "repeat", "steps", "name", "chance"
    }:  # fmt: skip
        raise WrongScenario(f"{where}: repeat is a number, steps is a list")
    steps = tuple(_step(step, f"{where}.{number}", depth + 1) for number, step in enumerate(inner, 1))
    return Repeat(
        repeat=fields["repeat"], steps=steps, name=fields.get("name", ""), chance=float(fields.get("chance", 1.0))
    )


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        return _PLACEHOLDER.sub(lambda match: _value(match[1], values), part)
    if isinstance(part, list):
        return [_filled(one, values) for one in part]
    if isinstance(part, dict):
        return {name: _filled(one, values) for name, one in part.items()}
    return part


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise WrongScenario(f"${{{name}}} has no value")
    return str(values[name])
