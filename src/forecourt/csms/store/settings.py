"""How the embedded server is set up: small, private, and never less durable than PostgreSQL is by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_MIB = 1024 * 1024
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")

HOST_RULES = "# Written at every start. Only local connections, only with a password.\nlocal all all scram-sha-256\n"


def server_settings(socket_folder: Path, operators_file: Path, extra: Mapping[str, str]) -> str:
    """The text of `postgresql.conf`. The operator's file comes after our sizes and before what must not be changed."""
    lines = ["# Written at every start; your own settings go into settings.conf in the folder above."]
    lines += [f"{name} = {_quoted(value)}" for name, value in _sizes(_memory_bytes()).items()]
    lines += [f"{name} = {_quoted(value)}" for name, value in _BEHAVIOUR.items()]
    lines.append(f"include_if_exists = {_quoted(str(operators_file))}")
    fixed = {**_FIXED, "unix_socket_directories": f'"{socket_folder}"', **extra}
    lines += [f"{name} = {_quoted(value)}" for name, value in fixed.items()]
    return "\n".join(lines) + "\n"


def _sizes(memory_bytes: int) -> dict[str, str]:
    shared_mib = min(max(memory_bytes // 16 // _MIB, 64), 512)
    return {
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(memory_bytes // 2 // _MIB, 128)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "wal_buffers": "16MB",
        "min_wal_size": "128MB",
        "max_wal_size": "1GB",
        "max_connections": "60",
    }


_BEHAVIOUR = {
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    # On one small machine planning and starting helpers costs more than they bring.
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_logical_replication_workers": "0",
    # Beside the data and not in /dev/shm, of which a container has 64 MB, and where what a killed server left stays.
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    # Several hundred partitions may be read by one query.
    "max_locks_per_transaction": "128",
    # A forgotten transaction would hold back every reader of events.
    "idle_in_transaction_session_timeout": "5min",
}

_FIXED = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Nothing copies our log of changes; backups are dumps.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "ssl": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # We read the log: when the server is ready, and how far recovery has come.
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "",
    "log_startup_progress_interval": "1s",
    "log_checkpoints": "off",
    # Statements and details carry values of users.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _memory_bytes() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(_CONTAINER_LIMIT.read_text("ascii")))
    except (OSError, ValueError):
        return memory
