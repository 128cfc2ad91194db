"""The folder of an embedded server: made by us, recognised by its marker, locked by the process that runs the server.

    FORECOURT           marker; a folder without it is never touched
    owner.lock          locked for as long as its server is owned; says by which process
    credentials.json    passwords of the database roles (0600)
    data/               PostgreSQL's own files, owned by the account the server runs as (0700)
    socket/             the Unix socket, unless the path is too long for one
    socket.path         where the socket is instead
    settings.conf       optional, the operator's: settings added to ours
    programs-*/         copies of the programs, where the server's account may not enter our installation

What runs in it is `embedded.py`.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from forecourt.csms.store.engine import API, OWNER
from forecourt.csms.store.errors import EmbeddedUnavailable, FolderInUse, FolderNotOurs
from forecourt.csms.store.programs import reachable_by_all

ADMINISTRATOR = "forecourt_admin"
SOCKET_NAME = ".s.PGSQL.5432"

# As whom a server runs, by uid, with a group of the same number. `DEDICATED` is below 65536, which is all that a
# container's user namespace maps, and outside every range that distributions hand out.
OURS, DEDICATED = -1, 65520

_MARKER = "FORECOURT"
_MARKER_TEXT = "This folder holds the embedded database of Forecourt. Format 1.\n"
# Linux allows 108 bytes with the closing zero, macOS 104.
_LONGEST_SOCKET_PATH = 103
_NETWORK_FILE_SYSTEMS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "ceph",
        "9p",
        "lustre",
        "beegfs",
        "gfs2",
        "ocfs2",
        "glusterfs",
    }
    | {f"fuse.{name}" for name in ("sshfs", "glusterfs", "s3fs", "rclone", "davfs2", "ceph")}
)


class Folder:
    """An embedded server's folder, which exists and is ours. Not yet locked."""

    def __init__(self, path: Path) -> None:
        """Make the folder, or recognise the one an earlier start made. Raises `EmbeddedUnavailable`, `FolderNotOurs`."""
        self.path = Path(os.path.abspath(path))
        self.data = self.path / "data"
        refuse_network_file_system(self.path)
        if not self.path.exists():
            self._make()
        self._refuse_strangers()
        self._lock: int | None = None

    def _make(self) -> None:
        """The folder appears with its marker inside or not at all, so a kill leaves nothing we would not recognise."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            half_made = Path(tempfile.mkdtemp(prefix=f".{self.path.name}-", dir=self.path.parent))
            (half_made / _MARKER).write_text(_MARKER_TEXT, "ascii")
            # An account of its own has to pass through; everything inside that matters is 0600 or 0700.
            half_made.chmod(0o711 if os.geteuid() == 0 else 0o700)
            try:
                half_made.rename(self.path)
            except OSError:
                (half_made / _MARKER).unlink()
                half_made.rmdir()
                if not self.path.exists():
                    raise
        except OSError as error:
            raise EmbeddedUnavailable(f"the folder {self.path} cannot be made: {error.strerror}") from error

    def _refuse_strangers(self) -> None:
        marker = self.path / _MARKER
        if not self.path.is_dir() or not marker.is_file():
            raise FolderNotOurs(
                f"{self.path} exists but was not made by Forecourt, so it is left alone: name a folder that does not exist"
            )
        owner = os.stat(marker).st_uid
        if owner != os.geteuid():
            raise FolderNotOurs(
                f"{self.path} belongs to the account with uid {owner} and we run as uid {os.geteuid()}; start as that account"
            )

    def lock(self) -> None:
        """Become the owner until `unlock`, or until the process ends, however it ends. Raises `FolderInUse`."""
        handle = os.open(self.path / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 32).decode().strip()
            os.close(handle)
            raise FolderInUse(f"the database in {self.path} is run by process {owner or 'unknown'}") from None
        except OSError as error:
            os.close(handle)
            raise EmbeddedUnavailable(
                f"the file system of {self.path} does not lock files: {error.strerror}"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._lock = handle

    def unlock(self) -> None:
        """Let another process own the server. Harmless when we do not own it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def passwords(self) -> Mapping[str, str]:
        """The password of each database role."""
        try:
            stored: dict[str, str] = json.loads((self.path / "credentials.json").read_text("utf-8"))
        except FileNotFoundError:
            raise EmbeddedUnavailable(
                f"credentials.json is missing from {self.path}: put it back from a backup"
            ) from None
        return stored

    def invent_passwords(self) -> None:
        """Write new passwords for the roles. Only for a database that is about to be made."""
        half_made = self.path / "credentials.new"
        handle = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({role: secrets.token_urlsafe(24) for role in (ADMINISTRATOR, OWNER, API)}, file)
        half_made.rename(self.path / "credentials.json")

    def socket_folder(self) -> Path:
        """Where the socket of the running server is. The same answer for every process."""
        elsewhere = self.path / "socket.path"
        if elsewhere.is_file():
            return Path(elsewhere.read_text("utf-8"))
        return self.path / "socket"

    def make_socket_folder(self, account: int) -> Path:
        """A folder for the socket that only `account` (and root) may enter. No server may be running."""
        self.remove_socket_folder()
        place = self.path / "socket"
        if len(os.fsencode(place / SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            place.mkdir(mode=0o700)
        else:
            # TMPDIR may be the long path we flee from; mkdtemp makes a private folder with a name nobody can foresee.
            place = Path(tempfile.mkdtemp(prefix="forecourt-", dir="/tmp"))
            (self.path / "socket.path").write_text(str(place), "utf-8")
        give(place, account)
        return place

    def remove_socket_folder(self) -> None:
        """Leave nothing behind, in particular no lock of a server that was killed: its process id may be taken by now."""
        place = self.socket_folder()
        try:
            for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
                (place / name).unlink(missing_ok=True)
            place.rmdir()
        except FileNotFoundError:
            pass
        (self.path / "socket.path").unlink(missing_ok=True)


def refuse_closed_path(path: Path, account: int) -> None:
    """Raise `EmbeddedUnavailable` if another account may not walk down to `path`, as far as it is there."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    closed = reachable_by_all(place)
    if closed is not None:
        raise EmbeddedUnavailable(
            f"PostgreSQL must not run as root, and the account it runs as instead (uid {account}) may not enter {closed}:"
            f" name a folder outside it, or do not start as root"
        )


def give(path: Path, account: int) -> None:
    """Let `account` own `path`."""
    if account != OURS:
        os.chown(path, account, account)


def refuse_network_file_system(path: Path) -> None:
    """Raise `EmbeddedUnavailable` if `path` is, or would be, on a file system of another machine."""
    kind = _file_system_of(path)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise EmbeddedUnavailable(
            f"{path} is on a network file system ({kind}), where a database may lose or mix up what it has written:"
            " name a folder on a local disk"
        )


def _file_system_of(path: Path, mounts: str | None = None) -> str:
    """The kind of file system `path` is, or will be, on; empty where the system does not tell."""
    if mounts is None:
        if sys.platform != "linux":
            return ""
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    place = path
    while not place.exists():
        place = place.parent
    place = place.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        words = line.split(" ")
        point = Path(words[4].replace("\\040", " "))
        # Of two mounts at the same point the later one covers the earlier.
        if (place == point or point in place.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), words[words.index("-") + 1]
    return kind
