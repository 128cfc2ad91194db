"""The command `forecourt`. What a command needs is imported when it is called, so that `--help` answers at once."""

from __future__ import annotations

import importlib
from typing import Final, cast

import click

from forecourt import __version__

COMMANDS: Final = {
    "demo": ("forecourt.cli.demo:demo", "Show a live charging network on this machine."),
    "serve": ("forecourt.cli.serve:serve", "Run the management system."),
    "station": ("forecourt.cli.stations:station", "Add, list and remove charging stations."),
    "fleet": ("forecourt.cli.fleet:fleet", "Run thousands of behaving stations at once."),
    "token": ("forecourt.cli.tokens:token", "Add, list and block the cards of drivers."),
    "site": ("forecourt.cli.sites:site", "Add, list and remove sites."),
    "user": ("forecourt.cli.users:user", "Add, list and remove users; reset a lost password."),
    "doctor": ("forecourt.cli.doctor:doctor", "Look for what keeps stations from connecting."),
    "db": ("forecourt.cli.db:db", "Upgrade, back up and restore the database."),
}
"""Where each command is, and its line in the help."""


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = COMMANDS.get(cmd_name)
        if found is None:
            return None
        module, _, name = found[0].partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="forecourt %(version)s")
def main() -> None:
    """The open charging platform: a management system for charging stations, and charging stations.

    Every setting can be given in a TOML file (--config) or as FORECOURT__SECTION__KEY in the environment.
    """
