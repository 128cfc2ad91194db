"""A Chromium for tests and measurements: the one that is named, one that is installed, or the one in an npm package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tools.web.node import MODULES, alone, install, node

VARIABLE: Final = "FORECOURT_CHROMIUM"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_UNPACKED: Final = MODULES / ".chromium"
_UNPACK: Final = "import packed from '@sparticuz/chromium'; process.stdout.write(await packed.executablePath());"

ARGUMENTS: Final = (
    # Without a sandbox, because it needs rights that neither containers nor root give; it sees only our own pages.
    "--no-sandbox",
    "--no-zygote",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # Screenshots look the same wherever they are made.
    "--font-render-hinting=none",
)


def chromium() -> Path:
    """The program to start. Raises FileNotFoundError saying what to do."""
    named = os.environ.get(VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"{VARIABLE} names {named}, which is not a program")
        return Path(named)
    installed = next((found for name in _NAMES if (found := shutil.which(name))), None)
    return Path(installed) if installed else _unpacked()


def _unpacked() -> Path:
    install()
    with alone("chromium"):
        program = _UNPACKED / "chromium"
        if not (_UNPACKED / ".complete").is_file():
            shutil.rmtree(_UNPACKED, ignore_errors=True)
            _UNPACKED.mkdir()
            try:
                # The package unpacks what looks like its own environment needs, its fonts among it, into the folder for temporary files.
                node("--input-type=module", "-e", _UNPACK, TMPDIR=str(_UNPACKED), HOME=str(_UNPACKED))
            except subprocess.CalledProcessError as failed:
                raise FileNotFoundError(f"no Chromium here: install one, or name one in {VARIABLE}") from failed
            (_UNPACKED / ".complete").touch()
        return program
