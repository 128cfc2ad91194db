"""`forecourt user`: who may sign in, and help for those who have lost their password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from forecourt.cli.remote import Api, options

ROLES: Final = ("administrator", "operator", "technician", "viewer")


@click.group()
def user() -> None:
    """Add, list and remove users; reset a lost password."""


@user.command("list")
@options
def list_users(api: Api) -> None:
    """List the users."""
    columns = {
        "login": lambda one: one["login"],
        "name": lambda one: one["name"],
        "may": lambda one: ", ".join(map(_grant, one["grants"])),
        "enabled": lambda one: one["enabled"],
        "last signed in": lambda one: one["signedInAt"] or "never",
    }
    api.table(list(api.all("/users")), columns, "There are no users.")


@user.command()
@options
@click.argument("login")
@click.option("--name", default="", help="For people.")
@click.option("--role", type=click.Choice(ROLES), default="operator", show_default=True)
@click.option("--organisation", type=int, help="The number of the one it holds in (default: the whole platform).")
def add(api: Api, login: str, name: str, role: str, organisation: int | None) -> None:
    """Add the user LOGIN, with a password that is shown once."""
    grant = {"role": role, **({} if organisation is None else {"organisationId": organisation})}
    made = api.ask("POST", "/users", {"login": login, "name": name, "grants": [grant]})
    api.show(made, f"{made['login']} signs in with the password {made['password']} (it is not shown again)")


@user.command("reset-password")
@options
@click.argument("login", default="admin")
def reset_password(api: Api, login: str) -> None:
    """Give the user LOGIN a new password, which is shown once. Without LOGIN it is the administrator of the first start."""
    made = api.ask("POST", f"/users/{_key(api, login)}/password", {})
    api.show(made, f"{made['login']} signs in with the password {made['password']} (it is not shown again)")


@user.command()
@options
@click.argument("login")
def remove(api: Api, login: str) -> None:
    """Remove the user LOGIN."""
    api.ask("DELETE", f"/users/{_key(api, login)}")
    api.show({"removed": login}, f"{login} is removed")


def _key(api: Api, login: str) -> int:
    found: int = api.the_one("/users", "user", "login", login, search=login)["id"]
    return found


def _grant(grant: Mapping[str, Any]) -> str:
    if grant["siteId"] is not None:
        return f"{grant['role']} of site {grant['siteId']}"
    if grant["organisationId"] is not None:
        return f"{grant['role']} of organisation {grant['organisationId']}"
    return f"{grant['role']}"
