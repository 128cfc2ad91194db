"""What an operator can set: defaults, one TOML file, then the environment, into frozen values.

Sections of the file are the fields of `Config`. An environment variable `FORECOURT__SECTION__KEY` overrides one key, a list being
written as in the file (`["10.0.0.0/8"]`); `FORECOURT_DATABASE_URL` is short for `FORECOURT__DATABASE__URL`. An unknown section or key stops the start and is
answered with the nearest known one, because a misspelt setting that is silently ignored is found months later.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from forecourt.errors import Invalid

Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Port = Annotated[int, Meta(ge=0, le=65535)]
_PLACE: Final = re.compile(r"at `\$\.([\w.]+)")
"""Where in the settings, in the words of msgspec."""


class Values(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the configuration."""


class Server(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the process listens. Port 0 takes any free port."""

    host: str = "0.0.0.0"  # noqa: S104 - a management system is there to be reached; the demo overrides it with loopback
    port: Port = 8180
    public_url: Annotated[str, Meta(pattern=r"^(wss?://[^\s?#]+)?$")] = ""
    """What stations are told to connect to, without path and identity, if a proxy stands before this."""


class Api(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where people and programs are served: the REST API. On this machine only, unless a `host` says otherwise; put a proxy
    with TLS before it when it is to be reached from elsewhere."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8080
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    administrator_password: str = ""
    """Of the first administrator, at the first start; one is made up and shown once if it is empty."""


class Tls(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Server certificates (an RSA and an ECDSA pair may stand side by side), who signs stations' certificates, and what they revoke."""

    certificates: tuple[tuple[Path, Path], ...] = ()
    client_ca: Path | None = None
    client_crl: tuple[Path, ...] = ()
    """Lists of revoked certificates, signed by who is in `client_ca`."""
    issue: bool = True
    """Whether this server signs certificates of stations itself. Without it they come from who is in `client_ca` only."""
    issue_days: Days = 730
    rsa_key_exchange: bool = False


class Gateway(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How stations are received. `registration` is what happens to a station nobody announced."""

    path: Annotated[str, Meta(pattern=r"^/[^\s?#]*$")] = "/ocpp"
    registration: Literal["closed", "pending", "open"] = "closed"
    allow_profile_0: bool = False
    reading: Literal["tolerant", "strict"] = "tolerant"
    hold_s: Seconds = 15.0
    heartbeat_interval_s: Annotated[int, Meta(ge=1)] = 300
    pending_interval_s: Annotated[int, Meta(ge=1)] = 60
    call_timeout_s: Seconds = 30.0
    handshake_timeout_s: Seconds = 10.0
    ping_interval_s: Seconds = 60.0
    max_message_bytes: Annotated[int, Meta(ge=1024)] = 1_048_576
    max_connections: Annotated[int, Meta(ge=1)] = 19_000


class Soap(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """OCPP 1.6-S, which has no security of its own: callbacks go only to addresses the operator gave or networks named here."""

    enabled: bool = True
    trusted_networks: tuple[str, ...] = ()


class Database(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PostgreSQL. Without a URL an embedded server keeps its data in `folder`."""

    url: str = ""
    folder: Path = Path("var/forecourt")


class Retention(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long bulk data is kept. Transactions and their summaries are kept until erased."""

    message_log_days: Days = 30
    meter_value_days: Days = 400
    event_days: Days = 90


class Webhooks(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How receivers of webhooks are reached. `private_networks` lets them be on this machine or in its networks: only where
    everybody who may add a webhook may also reach what is there."""

    private_networks: bool = False
    timeout_s: Annotated[float, Meta(gt=0, le=20)] = 10.0


class Charging(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults of the business until tariffs exist."""

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    price_per_kwh: Annotated[str, Meta(pattern=r"^\d+(\.\d+)?$")] = "0"


class Dashboard(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages for people, on the API's port. The map needs no server of tiles; one is used if `tiles_url` names it, as
    https://tiles.example.org/{z}/{x}/{y}.png, with what it wants to have said in `tiles_attribution`."""

    enabled: bool = True
    tiles_url: Annotated[str, Meta(pattern=r"^(https?://[^\s;,]+)?$")] = ""
    tiles_attribution: str = ""


class Config(Values, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of `forecourt serve`."""

    server: Server = Server()
    api: Api = Api()
    tls: Tls = Tls()
    gateway: Gateway = Gateway()
    soap: Soap = Soap()
    database: Database = Database()
    retention: Retention = Retention()
    webhooks: Webhooks = Webhooks()
    charging: Charging = Charging()
    dashboard: Dashboard = Dashboard()


def load(file: Path | None, environment: Mapping[str, str]) -> Config:
    """The configuration of `file` (if given) under `environment`.

    Raises `Invalid` naming the file or variable, the key and what was expected.
    """
    settings: dict[str, Any] = {}
    if file is not None:
        try:
            settings = tomllib.loads(file.read_text("utf-8"))
        except OSError as error:
            raise Invalid("config_unreadable", f"{file}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid("config_not_toml", f"{file}: {error}") from error
    sources: dict[str, str] = {}
    for name, path, value in _overrides(environment):
        _put(settings, path, _as_in_file(path, value, name), name)
        sources[".".join(path)] = name
    _refuse_unknown(settings, Config, str(file), sources, "")
    try:
        config = msgspec.convert(settings, Config, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        source = sources.get(place.group(1), str(file)) if place else str(file)
        kind = _type_of(place.group(1).split(".")) if place else None
        choices = f"; it is one of {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""
        raise Invalid("config_invalid", f"{source}: {error}{choices}") from error
    for key, networks in (
        ("api.trusted_proxies", config.api.trusted_proxies),
        ("soap.trusted_networks", config.soap.trusted_networks),
    ):
        for one in networks:
            try:
                ip_network(one)
            except ValueError as error:
                source = sources.get(key, str(file))
                raise Invalid("config_invalid", f"{source}: {key}: {error}; such as 10.0.0.0/8 or 10.1.2.3") from error
    return config


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def _overrides(environment: Mapping[str, str]) -> Iterator[tuple[str, list[str], str]]:
    for name, value in environment.items():
        if name == "FORECOURT_DATABASE_URL":
            yield name, ["database", "url"], value
        elif name.startswith("FORECOURT__"):
            yield name, [part.lower() for part in name.split("__")[1:]], value


def _as_in_file(path: list[str], value: str, name: str) -> object:
    """The text of a variable as the file would have it: as it is, unless the key takes a list."""
    if get_origin(_type_of(path)) is not tuple:
        return value
    try:
        return tomllib.loads(f"it = {value}")["it"]
    except tomllib.TOMLDecodeError as error:
        raise Invalid("config_invalid", f'{name}: not a list such as ["one", "another"]: {value}') from error


def _type_of(path: list[str]) -> object:
    """The type of the setting at `path`; None if there is none."""
    kind: Any = Config
    for part in path:
        if not (isinstance(kind, type) and issubclass(kind, Values)):
            return None
        kind = {field.name: field.type for field in msgspec.structs.fields(kind)}.get(part)
    return kind


def _put(settings: dict[str, Any], path: list[str], value: object, name: str) -> None:
    for part in path[:-1]:
        inner = settings.setdefault(part, {})
        if not isinstance(inner, dict):
            raise Invalid("config_invalid", f"{name}: {part} is a value, not a section")
        settings = inner
    settings[path[-1]] = value


def _refuse_unknown(
    settings: Mapping[str, Any], kind: type[Values], file: str, sources: Mapping[str, str], prefix: str
) -> None:
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in settings.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = (
                f"; did you mean {prefix}{near[0]}?"
                if near
                else f"; known are {', '.join(prefix + name for name in known)}"
            )
            raise Invalid(
                "config_unknown_key", f"{_source(prefix + key, sources, file)}: unknown key {prefix}{key}{hint}"
            )
        section = known[key]
        if isinstance(section, type) and issubclass(section, Values) and isinstance(value, dict):
            _refuse_unknown(value, section, file, sources, f"{prefix}{key}.")


def _source(key: str, sources: Mapping[str, str], file: str) -> str:
    """The variable that set `key` or something below it, otherwise the file."""
    return next((name for path, name in sources.items() if path == key or path.startswith(f"{key}.")), file)
