"""The options that say what a station is and where it connects, for `station run` and `station scenario`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from forecourt.cli.settings import BadSettings
from forecourt.station.setup import EvseSetup, Setup, WrongSetup, read_setup

Command = TypeVar("Command", bound=Callable[..., Any])

_AS_THEY_ARE: Final = (
    *("identity", "password", "versions", "ca", "certificate", "key"),
    *("soap_host", "soap_port", "soap_address", "seed"),
)

DC: Final = EvseSetup(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=375, direct=True)


def options(command: Command) -> Command:
    """The options, handed on as `given`; `setup_from` makes a `Setup` of them."""
    for option in reversed(
        (
            click.option("--identity", help="Who it is [default: CS001]."),
            click.option(
                "--password", envvar="FORECOURT_STATION_PASSWORD", help="Its password (also in the environment)."
            ),
            click.option(
                "--version", "versions", multiple=True, help="1.6, 2.0.1, 2.1; may be repeated [default: all]."
            ),
            click.option("--ca", type=click.Path(dir_okay=False, exists=True), help="PEM file with whom to trust."),
            click.option(
                "--certificate", type=click.Path(dir_okay=False, exists=True), help="PEM file, for profile 3."
            ),
            click.option("--key", type=click.Path(dir_okay=False, exists=True), help="PEM file with its private key."),
            click.option("--evses", type=click.IntRange(1, 100), help="How many EVSEs [default: 1]."),
            click.option("--dc", is_flag=True, help="EVSEs of 150 kW DC instead of 22 kW AC."),
            click.option(
                "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A variable before the first start."
            ),
            click.option("--soap-host", help="Where it listens, over SOAP [default: 127.0.0.1]."),
            click.option("--soap-port", type=click.IntRange(0, 65535), help="At which port [default: any]."),
            click.option("--soap-address", help="What the central system is to call, if that is another address."),
            click.option("--seed", type=int, help="Make its random choices repeatable."),
        )
    ):
        command = option(command)
    return command


def setup_from(setup: Setup, url: str | None, given: dict[str, Any]) -> Setup:
    """What `setup` says, where no option says otherwise. Raises BadSettings."""
    changes = {
        name: given[name]
        for name in (
            "identity",
            "password",
            "versions",
            "ca",
            "certificate",
            "key",
            "soap_host",
            "soap_port",
            "soap_address",
            "seed",
        )
        if given[name] not in (None, ())
    }
    if url is not None:
        changes["url"] = url
    if given["evses"] is not None or given["dc"]:
        changes["evses"] = (DC if given["dc"] else EvseSetup(),) * (given["evses"] or 1)
    settings = dict(setup.settings)
    for text in given["settings"]:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadSettings(f"--set {text}: NAME=VALUE, such as SampledDataCtrlr.TxUpdatedInterval=10")
        settings[name] = value
    made = msgspec.structs.replace(setup, settings=settings, **changes)
    try:
        # So that what is wrong is said before anything runs.
        _ = made.build
        made.line()
    except (WrongSetup, OSError) as error:
        raise BadSettings(str(error)) from error
    return made


def setup_in(file: Path | None) -> Setup:
    """The `[station]` of a TOML file, or a station as it comes. Raises BadSettings."""
    try:
        return Setup() if file is None else read_setup(file)
    except (WrongSetup, OSError) as error:
        raise BadSettings(str(error)) from error
