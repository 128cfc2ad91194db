"""Where this machine is reached, and who has a port that we want."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Final

# Addresses for documentation (RFC 5737, RFC 3849). Nothing is sent to them: connecting a datagram socket only picks a route.
_OUTSIDE: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_LISTENING: Final = "0A"


def lan_addresses() -> list[str]:
    """The addresses by which others in the network reach this machine; the one of the usual route first. Empty without one."""
    found: list[str] = []
    for family, outside in _OUTSIDE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((outside, 9))
                found.append(probe.getsockname()[0])
        except OSError:
            continue
    try:
        named = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    except OSError:
        named = []
    found += [str(address[4][0]) for address in named]
    return list(dict.fromkeys(address for address in found if not address.startswith(("127.", "169.254.", "fe80:"))))


def in_url(address: str) -> str:
    """An address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


def holder_of(port: int) -> str:
    """Who listens on a port of this machine, as far as it can be told: `nginx (pid 812)`, or nothing."""
    try:
        inodes = _inodes(port)
        for process in Path("/proc").iterdir():
            if not process.name.isdecimal():
                continue
            try:
                for descriptor in (process / "fd").iterdir():
                    match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(descriptor))
                    if match and match[1] in inodes:
                        return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
            except OSError:
                continue
    except OSError:
        pass
    return ""


def _inodes(port: int) -> set[str]:
    """The sockets that listen on a port, by the numbers Linux gives them."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        if not path.exists():
            continue
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes
