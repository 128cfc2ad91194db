"""The options that all commands of the management system share, and the configuration they amount to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from forecourt.csms.config import Config, load
from forecourt.errors import Invalid

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """`--config` and `--data`."""
    data = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for the database, files and secrets (default: var/forecourt).",
    )
    config = click.option(
        "--config",
        "file",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help="A TOML file with settings.",
    )
    return config(data(command))


def read(file: Path | None, data: Path | None) -> Config:
    """The configuration, with a clear word and the end of the program for what is wrong in it."""
    try:
        config = load(file, os.environ)
    except Invalid as error:
        raise BadSettings(error.message) from error
    if data is not None:
        database = msgspec.structs.replace(config.database, folder=data)
        config = msgspec.structs.replace(config, database=database)
    return config


class Failure(click.ClickException):
    """The end of the program, with words for a person."""


class BadSettings(Failure):
    """A setting is wrong; nothing was begun."""

    exit_code = 2
