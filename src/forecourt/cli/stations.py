"""`forecourt station`: who there is, and what to type into a charger so that it comes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click
from rich.table import Table

from forecourt.cli.lazy import LazyGroup
from forecourt.cli.remote import Api, options

_SECURE: Final = (2, 3)


_LAZY: Final = {
    "run": ("forecourt.cli.station_run:run_station", "Run one charging station, and handle it."),
    "scenario": ("forecourt.cli.station_scenario:scenario", "Play journeys of a station that are written down."),
}


@click.group(cls=LazyGroup, lazy=_LAZY)
def station() -> None:
    """Add, list and remove the charging stations of a management system; run one of one's own."""


@station.command("list")
@options
@click.option("--search", help="In identity, name and serial number.")
@click.option("--pending", is_flag=True, help="Only those that wait for approval.")
def list_stations(api: Api, search: str | None, pending: bool) -> None:
    """List the stations."""
    items = list(api.all("/stations", search=search, registration="Pending" if pending else None))
    columns = {
        "station": lambda one: one["stationId"],
        "name": lambda one: one["name"],
        "OCPP": lambda one: f"{one['version']}{' SOAP' if one['soapEnabled'] else ''}",
        "model": lambda one: f"{one['vendor']} {one['model']}".strip(),
        "online": lambda one: one["connected"],
        "connectors": lambda one: ", ".join(_connectors(one)),
        "registration": lambda one: one["registration"],
    }
    api.table(items, columns, "There are no stations. `forecourt station add NAME` adds one.")


@station.command()
@options
@click.argument("identity")
@click.option("--name", default="", help="For people.")
@click.option("--site", help="The name of the site it stands at.")
@click.option(
    "--security-profile",
    "profile",
    type=click.IntRange(0, 3),
    help="Security profile: 0 none, 1 password, 2 password over TLS, 3 certificate (default: 1, or 2 with TLS).",
)
@click.option("--password", help="16 to 40 characters; made up if not given.")
@click.option("--certificate-name", default="", help="The CN of its certificate for profile 3, if not the identity.")
@click.option("--soap", is_flag=True, help="It speaks OCPP 1.6 over SOAP.")
@click.option("--soap-address", default="", help="Where it is called over SOAP: http://...")
def add(
    api: Api,
    identity: str,
    name: str,
    site: str | None,
    profile: int | None,
    password: str | None,
    certificate_name: str,
    soap: bool,
    soap_address: str,
) -> None:
    """Add the station IDENTITY, and say what to type into its settings."""
    if profile is None:
        profile = 2 if any(url.startswith("wss:") for url in api.station_urls) else 1
    body: dict[str, Any] = {
        "stationId": identity,
        "name": name,
        "securityProfile": profile,
        "certificateName": certificate_name,
        "soapEnabled": soap,
        "soapAddress": soap_address,
    }
    if site is not None:
        body["siteId"] = api.the_one("/sites", "site", "name", site, search=site)["id"]
    if password is not None:
        body["password"] = password
    made = api.ask("POST", "/stations", body)
    api.show(made, instructions(made, api.station_urls))


@station.command()
@options
@click.argument("identity")
def show(api: Api, identity: str) -> None:
    """Show the station IDENTITY."""
    one = api.ask("GET", f"/stations/{_key(api, identity)}")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for title, value in (
        ("station", one["stationId"]),
        ("name", one["name"]),
        ("connects to", one["url"]),
        ("security profile", one["securityProfile"]),
        ("registration", one["registration"]),
        ("online", "yes" if one["connected"] else "no"),
        ("OCPP", one["version"]),
        ("model", f"{one['vendor']} {one['model']}".strip()),
        ("serial number", one["serialNumber"]),
        ("firmware", one["firmwareVersion"]),
        ("last seen", one["lastSeenAt"] or "never"),
        ("connectors", ", ".join(_connectors(one))),
        ("can do", ", ".join(one["capabilities"] or ())),
    ):
        table.add_row(title, str(value))
    api.show(one, table)


@station.command()
@options
@click.argument("identity")
def accept(api: Api, identity: str) -> None:
    """Let the station IDENTITY in, which nobody had announced. `station list --pending` lists who waits."""
    decided = api.ask("PUT", f"/stations/{_key(api, identity)}/registration", {"registration": "Accepted"})
    api.show(decided, f"{identity} is accepted; it is told so when it boots next, which it is asked to do now")


@station.command()
@options
@click.argument("identity")
def reject(api: Api, identity: str) -> None:
    """Turn the station IDENTITY away."""
    decided = api.ask("PUT", f"/stations/{_key(api, identity)}/registration", {"registration": "Rejected"})
    api.show(decided, f"{identity} is rejected")


@station.command()
@options
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the latest first."
)
def refused(api: Api, limit: int) -> None:
    """List the last handshakes that were turned away, and why."""
    columns = {
        "station": lambda one: one["stationName"],
        "from": lambda one: one["peer"],
        "because": lambda one: f"{one['reason'].replace('_', ' ')} {one['detail']}".strip(),
        "path": lambda one: one["path"],
        "when": lambda one: one["at"],
    }
    items = list(itertools.islice(api.all("/refused-handshakes"), limit))
    api.table(items, columns, "No handshake was refused.")


@station.command()
@options
@click.argument("identity")
def remove(api: Api, identity: str) -> None:
    """Remove the station IDENTITY. One that has a history stays: disable it instead."""
    api.ask("DELETE", f"/stations/{_key(api, identity)}")
    api.show({"removed": identity}, f"{identity} is removed")


@station.command()
@options
@click.argument("identity")
def disable(api: Api, identity: str) -> None:
    """Send the station IDENTITY away, and do not let it in until it is enabled."""
    api.show(api.ask("PATCH", f"/stations/{_key(api, identity)}", {"enabled": False}), f"{identity} is disabled")


@station.command()
@options
@click.argument("identity")
def enable(api: Api, identity: str) -> None:
    """Let the station IDENTITY in again."""
    api.show(api.ask("PATCH", f"/stations/{_key(api, identity)}", {"enabled": True}), f"{identity} is enabled")


@station.command()
@options
@click.argument("identity")
@click.argument("kind")
@click.argument("arguments", default="{}")
@click.option("--wait", default=30.0, show_default=True, help="For how many seconds to wait for its answer.")
def send(api: Api, identity: str, kind: str, arguments: str, wait: float) -> None:
    """Give the station IDENTITY a command, such as Reset. ARGUMENTS are JSON."""
    import msgspec

    try:
        given = msgspec.json.decode(arguments)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="ARGUMENTS") from error
    path = f"/stations/{_key(api, identity)}/commands"
    told = api.ask("POST", path, {"kind": kind, "arguments": given}, wait=wait)
    api.show(told, f"{told['kind']}: {told['status']}" + (f" ({told['reason']})" if told["reason"] else ""))


def instructions(made: Mapping[str, Any], station_urls: list[str]) -> str:
    """What to type into a charger, field by field, for its version and security profile. Lines of text, so that nothing is cut
    into pieces that do not fit a narrow window."""
    bases = station_urls or [made["url"].rsplit("/", 1)[0]]
    rows = _over_soap(made, bases) if made["soapEnabled"] else _over_json(made, bases)
    lines = [f"{title:<17}{words}" for title, words in rows]
    return "\n".join(["Type this into the charger", *lines])


def _over_json(made: Mapping[str, Any], bases: list[str]) -> Iterator[tuple[str, str]]:
    """In general, then in the names that each version gives these settings."""
    identity, profile, password = made["stationId"], made["securityProfile"], made.get("password")
    has_certificate = any(base.startswith("wss:") for base in bases)
    if profile in _SECURE:
        bases = [base.replace("ws://", "wss://", 1) for base in bases]
    yield from _address(bases, identity)
    yield "identity", f"{identity} (also: charge point id, station id)"
    yield "security profile", str(profile)
    if password:
        yield "user name", identity
        yield "password", f"{password} (it is not shown again)"
    key = f", AuthorizationKey = {password}" if password else ""
    yield "OCPP 1.6 JSON", f"SecurityProfile = {profile}{key}"
    key = f", SecurityCtrlr.BasicAuthPassword = {password}" if password else ""
    yield (
        "OCPP 2.0.1, 2.1",
        f"NetworkConnectionProfile: ocppCsmsUrl = {bases[0]}, securityProfile = {profile}, ocppTransport = JSON;"
        f" SecurityCtrlr.Identity = {identity}{key}",
    )
    if profile in _SECURE:
        yield (
            "trust",
            "the root of this server's certificate, as the CSMS root certificate (CentralSystemRootCertificate)",
        )
    if profile == 3:
        name = made["certificateName"] or identity
        made_here = f"made by POST /api/v1/stations/{made['id']}/certificates, or signed by who tls.client_ca names"
        yield "certificate", f"CN = {name}, O = the name of your organisation; {made_here}"
    if profile in _SECURE and not has_certificate:
        yield "but", "this server has no certificate: set tls.certificates first"
    if profile == 0:
        yield "but", "without a password it is let in only where gateway.allow_profile_0 is set"


def _over_soap(made: Mapping[str, Any], bases: list[str]) -> Iterator[tuple[str, str]]:
    identity, password = made["stationId"], made.get("password")
    yield from _address([base.replace("ws", "http", 1) for base in bases], identity, slash="")
    yield "identity", f"{identity} (charge box identity)"
    yield "OCPP 1.6 SOAP", f"it is called at {made['soapAddress'] or 'the address it names itself'}"
    if password:
        yield "user name", identity
        yield "password", f"{password} (it is not shown again)"
        yield "but", "for a charger that cannot send a password over SOAP, add it with --security-profile 0"
    if made["securityProfile"] == 0:
        yield "but", "without a password it is let in only from networks in soap.trusted_networks"


def _address(bases: list[str], identity: str, slash: str = "/") -> Iterator[tuple[str, str]]:
    yield from (("address", f"{base}{slash}") for base in bases)
    yield "", f"or, where it wants all of it in one field: {bases[0]}/{identity}"


def _key(api: Api, identity: str) -> int:
    exactly = next(api.all("/stations", stationId=identity), None)
    found: int = (exactly or api.the_one("/stations", "station", "stationId", identity, search=identity))["id"]
    return found


def _connectors(one: Mapping[str, Any]) -> Iterator[str]:
    for connector in one["connectors"]:
        if connector["connectorId"] is not None and connector["status"]:
            yield f"{connector['evseId']}: {connector['status']}"
