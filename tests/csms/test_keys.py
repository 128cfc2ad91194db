"""Keys of the server: made once, the same ever after, for nobody else to read."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from forecourt.csms.keys import KEY_BYTES, key
from forecourt.errors import Invalid


def test_a_key_is_made_at_first_use_and_the_same_ever_after(tmp_path: Path) -> None:
    made = key(tmp_path / "a" / "keys", "pepper")
    assert len(made) == KEY_BYTES
    assert key(tmp_path / "a" / "keys", "pepper") == made


def test_every_key_is_another_one(tmp_path: Path) -> None:
    assert len({key(tmp_path / "one", "a"), key(tmp_path / "one", "b"), key(tmp_path / "two", "a")}) == 3


def test_nobody_else_can_read_a_key(tmp_path: Path) -> None:
    key(tmp_path / "keys", "pepper")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "pepper").stat().st_mode) == 0o600


def test_of_many_that_start_at_once_all_use_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda number: key(tmp_path, "pepper"), range(64)))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["pepper"]


@pytest.mark.parametrize("content", [b"", b"x" * (KEY_BYTES - 1), b"x" * (KEY_BYTES + 1)])
def test_a_damaged_key_is_reported_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pepper").write_bytes(content)
    with pytest.raises(Invalid) as refused:
        key(tmp_path, "pepper")
    assert refused.value.code == "key_damaged"
    assert str(tmp_path / "pepper") in refused.value.message
    assert (tmp_path / "pepper").read_bytes() == content
