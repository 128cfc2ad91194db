#!/bin/sh
# Make .venv what requirements/dev.txt says: `make setup`, and first thing of every target that needs it.
#
# Needs a Python >= 3.11 with venv; PYTHON names one, otherwise the usual names are tried. Packages come from wherever
# pip is configured to fetch them on this machine, and are installed again only when the lock has changed.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
lock=requirements/dev.txt

say() { printf '%s\n' "setup: $*" >&2; }

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
    # A name may exist and not run (version managers leave such stubs), so each candidate is asked for its version.
    for candidate in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        if is_recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "Forecourt needs Python 3.11 or newer; ${PYTHON:-python3} is $("${PYTHON:-python3}" --version 2>&1 || true)"
    say "and none of python3.11 to python3.14 works here. Say which one to use: make setup PYTHON=/path/to/python3.11"
    exit 1
}

if ! is_recent "$venv/bin/python"; then
    python=$(find_python)
    say "creating $venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv" || { say "$python has no working venv module (Debian: the package python3-venv)"; exit 1; }
fi
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$venv/bin/python" -m ensurepip --default-pip >/dev/null
fi

installed=$venv/installed-lock
if ! cmp -s "$lock" "$installed"; then
    say "installing $(grep -c '^[a-z0-9]' "$lock") pinned packages (the first time takes a minute or two)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement "$lock"
    cp "$lock" "$installed"
fi
say "installing forecourt itself, editable"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
