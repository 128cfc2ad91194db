"""`python -m forecourt` is `forecourt`."""

from __future__ import annotations

from forecourt.cli.main import main

if __name__ == "__main__":
    main()
