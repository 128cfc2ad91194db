"""A running management system and its API as tests use it: callers of every role, and what they are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from sqlalchemy import insert, text

from forecourt.csms.accounts.model import new_key
from forecourt.csms.accounts.store import api_key, api_key_secret
from forecourt.csms.app import Csms
from forecourt.csms.organisations import actions as organisations
from forecourt.csms.web.permissions import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with an API key."""

    client: httpx2.AsyncClient
    key: str = field(repr=False)

    async def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request; `path` is what follows `/api/v1`."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        """What a GET answers, which has to succeed."""
        return await self._expect(200, "GET", path, **options)

    async def post(self, path: str, body: object, status: int = 201, **options: Any) -> Any:
        """What a POST answers, which has to succeed."""
        return await self._expect(status, "POST", path, json=body, **options)

    async def patch(self, path: str, body: object, **options: Any) -> Any:
        """What a PATCH answers, which has to succeed."""
        return await self._expect(200, "PATCH", path, json=body, **options)

    async def delete(self, path: str, **options: Any) -> None:
        """A DELETE, which has to succeed."""
        await self._expect(204, "DELETE", path, **options)

    async def refused(self, method: str, path: str, **options: Any) -> tuple[int, str, list[str]]:
        """Status, code and the paths of the faults of a request that has to be refused."""
        answer = await self.ask(method, path, **options)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["code"], [fault["path"] for fault in problem["errors"]]

    async def _expect(self, status: int, method: str, path: str, **options: Any) -> Any:
        answer = await self.ask(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class System:
    """A management system, and callers to try it with."""

    def __init__(self, csms: Csms, client: httpx2.AsyncClient, local_key: str) -> None:
        self.csms = csms
        self.leaves_traces = False
        """Whether more than the database tells that a test was here: the next one gets another system."""
        self.client = client
        self.platform = Caller(client, local_key)
        """The administrator of the platform."""

    @property
    def port(self) -> int:
        """Where stations connect."""
        self.leaves_traces = True
        return self.csms.port

    async def caller(self, role: Role, organisation: int | None = None, site: int | None = None) -> Caller:
        """Somebody with one grant."""
        made = new_key()
        async with self.csms.store.work() as work:
            connection = await work.sql()
            added = await connection.execute(
                insert(api_key)
                .values(
                    name=f"{role} of a test",
                    prefix=made.prefix,
                    role=role,
                    organisation_id=organisation,
                    site_id=site,
                    created_by="a test",
                    created_at=work.now,
                )
                .returning(api_key.c.id)
            )
            await connection.execute(insert(api_key_secret).values(key_id=added.scalar_one(), hash=made.digest))
        return Caller(self.client, made.text)

    async def organisation(self, name: str, party: str) -> int:
        """Another organisation."""
        async with self.csms.store.work() as work:
            return await organisations.add(work, name=name, roles=["cpo"], country_code="NL", party_id=party)

    async def rows(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database answers."""
        async with self.csms.store.database.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(question), values)]

    async def change(self, statement: str) -> None:
        """Change the database behind everybody's back."""
        async with self.csms.store.database.engine.begin() as connection:
            await connection.execute(text(statement))


@asynccontextmanager
async def client_of(csms: Csms) -> AsyncIterator[httpx2.AsyncClient]:
    """A client for the API of a management system."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{csms.api_port}", timeout=30.0) as client:
        yield client
