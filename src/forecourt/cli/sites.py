"""`forecourt site`: where stations stand."""

from __future__ import annotations

import click

from forecourt.cli.remote import Api, options


@click.group()
def site() -> None:
    """Add, list and remove sites."""


@site.command("list")
@options
def list_sites(api: Api) -> None:
    """List the sites."""
    columns = {
        "site": lambda one: one["name"],
        "address": lambda one: one["address"],
        "time zone": lambda one: one["timeZone"],
    }
    api.table(list(api.all("/sites")), columns, "There are no sites. `forecourt site add NAME` adds one.")


@site.command()
@options
@click.argument("name")
@click.option("--address", default="")
@click.option("--time-zone", default="UTC", show_default=True, help="Such as Europe/Berlin.")
def add(api: Api, name: str, address: str, time_zone: str) -> None:
    """Add the site NAME."""
    made = api.ask("POST", "/sites", {"name": name, "address": address, "timeZone": time_zone})
    api.show(
        made, f"{made['name']} is added; `forecourt station add IDENTITY --site '{made['name']}'` puts a station there"
    )


@site.command()
@options
@click.argument("name")
def remove(api: Api, name: str) -> None:
    """Remove the site NAME, at which no station stands any more."""
    key = api.the_one("/sites", "site", "name", name, search=name)["id"]
    api.ask("DELETE", f"/sites/{key}")
    api.show({"removed": name}, f"{name} is removed")
