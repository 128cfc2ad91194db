"""A client that somebody else's program generates from the description, at work."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.csms.api.system import System
from tests.csms.api.test_openapi import document_of

NAME = "generated_forecourt_client"


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which modules are imported for one test."""
    folder = tmp_path / "generated"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def generate(document: dict[str, Any], folder: Path) -> None:
    """Generate the client. Fails if the generator leaves anything out."""
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    # No formatter afterwards: nobody reads it.
    (folder / "config.json").write_text('{"post_hooks": []}', encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    paths = ["--path", "openapi.json", "--config", "config.json", "--output-path", NAME]
    done = subprocess.run([*command, *paths], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def part(name: str) -> Any:
    """A module of the generated client, about which nothing is known beforehand."""
    return importlib.import_module(f"{NAME}.{name}")


@pytest.mark.usefixtures("fresh")
async def test_a_generated_client_signs_in_and_manages_sites_users_and_keys(system: System, importable: Path) -> None:
    await asyncio.to_thread(generate, await document_of(system), importable)
    models, base = part("models"), str(system.client.base_url)

    signing_in = models.SignInBody(login="admin", password="a-password-for-the-administrator")
    strict = {"base_url": base, "raise_on_unexpected_status": True}
    async with part("client").Client(**strict) as anonymous:
        signed_in = await part("api.session.sign_in").asyncio_detailed(client=anonymous, body=signing_in)
    cookie = signed_in.headers["set-cookie"].partition(";")[0].partition("=")
    cookies, headers = {cookie[0]: cookie[2]}, {"X-CSRF-Token": signed_in.parsed.csrf_token}
    async with part("client").Client(**strict, cookies=cookies, headers=headers) as browser:
        added = await part("api.sites.create_site").asyncio(
            client=browser, body=models.SiteBody(name="Depot", latitude_degrees=52.5), idempotency_key="one"
        )
        assert isinstance(added, models.SiteOut)
        again = await part("api.sites.create_site").asyncio(
            client=browser, body=models.SiteBody(name="Depot", latitude_degrees=52.5), idempotency_key="one"
        )
        assert again == added
        key = await part("api.api_keys.create_key").asyncio(
            client=browser,
            body=models.KeyBody(
                name="program", role=models.KeyBodyRole.OPERATOR, organisation_id=added.organisation_id
            ),
        )

    async with part("client").AuthenticatedClient(
        base_url=base, token=key.key, raise_on_unexpected_status=True
    ) as program:
        for name in "BC":
            await part("api.sites.create_site").asyncio(client=program, body=models.SiteBody(name=name))
        names, cursor = [], part("types").UNSET
        while cursor is not None:
            page = await part("api.sites.list_sites").asyncio(client=program, limit=1, sort="-name", cursor=cursor)
            names += [site.name for site in page.items]
            cursor = page.next_
        assert names == ["Depot", "C", "B"]
        answer = await part("api.sites.get_site").asyncio_detailed(added.id, client=program)
        changed = await part("api.sites.change_site").asyncio(
            added.id, client=program, body=models.SiteChange(latitude_degrees=None), if_match=answer.headers["etag"]
        )
        assert (changed.name, changed.latitude_degrees) == ("Depot", None)
        stale = await part("api.sites.change_site").asyncio(
            added.id, client=program, body=models.SiteChange(name="D"), if_match=answer.headers["etag"]
        )
        assert (type(stale), stale.status, stale.code) == (models.Problem, 412, "changed_meanwhile")
        user = models.UserBody(login="mia", grants=[models.GrantBody(role=models.Role.VIEWER)])
        refused = await part("api.users.create_user").asyncio(client=program, body=user)
        assert (refused.status, refused.code) == (403, "not_allowed")
        wrong = await part("api.sites.create_site").asyncio(client=program, body=models.SiteBody(name=""))
        assert [(fault.path, wrong.code) for fault in wrong.errors] == [("name", "invalid")]
        gone = await part("api.sites.remove_site").asyncio_detailed(added.id, client=program)
        assert gone.status_code == 204
