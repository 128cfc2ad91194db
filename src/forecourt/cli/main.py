"""The command `forecourt`. What a command needs is imported when it is called, so that `--help` answers at once."""

from __future__ import annotations

from typing import Final

import click

from forecourt import __version__
from forecourt.cli.lazy import LazyGroup

COMMANDS: Final = {
    "demo": ("forecourt.cli.demo:demo", "Show a live charging network on this machine."),
    "serve": ("forecourt.cli.serve:serve", "Run the management system."),
    "station": ("forecourt.cli.stations:station", "Add, list and remove charging stations; run one."),
    "fleet": ("forecourt.cli.fleet:fleet", "Run thousands of behaving stations at once."),
    "token": ("forecourt.cli.tokens:token", "Add, list and block the cards of drivers."),
    "site": ("forecourt.cli.sites:site", "Add, list and remove sites."),
    "user": ("forecourt.cli.users:user", "Add, list and remove users; reset a lost password."),
    "doctor": ("forecourt.cli.doctor:doctor", "Look for what keeps stations from connecting."),
    "db": ("forecourt.cli.db:db", "Upgrade, back up and restore the database."),
}
"""Where each command is, and its line in the help."""


@click.group(
    cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, message="forecourt %(version)s")
def main() -> None:
    """The open charging platform: a management system for charging stations, and charging stations.

    Every setting can be given in a TOML file (--config) or as FORECOURT__SECTION__KEY in the environment.
    """
