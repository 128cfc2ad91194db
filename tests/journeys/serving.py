"""Run by `test_crash.py`, which kills it: a whole management system with its embedded PostgreSQL, until told to stop.

`python -m tests.journeys.serving FOLDER PORT` prints the port it listens on once stations can connect.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from forecourt.charging.tokens import Token
from forecourt.csms import app
from forecourt.csms.blocks.authorization import tokens
from forecourt.csms.blocks.authorization.model import TokenData
from forecourt.csms.config import Api, Config, Database, Gateway, Server
from tests.journeys.site import CARD


async def main(folder: Path, port: int) -> None:
    config = Config(
        server=Server(host="127.0.0.1", port=port),
        api=Api(enabled=False),
        database=Database(folder=folder),
        gateway=Gateway(registration="open", hold_s=4.0),
    )
    async with app.run(config) as csms:
        if not port:
            async with csms.store.work() as work:
                await tokens.add(work, csms.organisation, TokenData(token=Token(CARD, "ISO14443")))
        sys.stdout.write(f"{csms.port}\n")
        sys.stdout.flush()
        # Until the other end of our input is closed.
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
