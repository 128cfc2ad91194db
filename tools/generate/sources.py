"""The JSON schemas everything is generated from: those of the PyPI package `ocpp`, corrected."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from tools.generate.corrections import Schema, corrected

_PACKAGES: Final = {"1.6": "ocpp.v16", "2.0.1": "ocpp.v201", "2.1": "ocpp.v21"}


def schemas(version: str) -> dict[str, Schema]:
    """The corrected schemas of a version ("1.6", "2.0.1" or "2.1"), fresh copies, by the name of the generated struct.

    That is the action for a request (`BootNotification`) and the action with `Response` for an answer.
    """
    found: dict[str, Schema] = {}
    for file in files(_PACKAGES[version]).joinpath("schemas").iterdir():
        if file.name.endswith(".json"):
            name = file.name.removesuffix(".json").removesuffix("Request")
            # Some of the files begin with a byte order mark.
            found[name] = corrected(version, name, json.loads(file.read_text(encoding="utf-8-sig")))
    return dict(sorted(found.items()))
