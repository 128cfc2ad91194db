"""What is remembered of answers, for how long, and at what price."""

from __future__ import annotations

import tracemalloc

import pytest

from forecourt.ocpp.replay import ReplayMemory

NOTHING = b"{}"


def answered(memory: ReplayMemory, message_id: str, content: int, answer: bytes | None) -> None:
    memory.begin(message_id, content)
    memory.end(message_id, content, answer)


def test_an_answer_is_recalled_by_id_and_content() -> None:
    memory = ReplayMemory()
    assert memory.recall("a", 1) is None
    assert not memory.knows("a")
    answered(memory, "a", 1, b"first")
    answered(memory, "b", 2, b"")
    answered(memory, "a", 3, b"third")
    assert (memory.recall("a", 1), memory.recall("b", 2), memory.recall("a", 3)) == (b"first", b"", b"third")
    assert memory.recall("a", 2) is None
    assert memory.recall("c", 1) is None
    assert memory.knows("a")
    assert memory.knows("b")
    assert not memory.knows("c")


def test_a_refusal_is_not_remembered() -> None:
    memory = ReplayMemory()
    answered(memory, "a", 1, None)
    assert not memory.knows("a")
    assert len(memory) == 0


def test_the_last_64_are_remembered() -> None:
    memory = ReplayMemory()
    for number in range(200):
        answered(memory, str(number), number, b"answer %d" % number)
    assert len(memory) == 64
    assert [memory.recall(str(number), number) for number in range(134, 200)] == [None, None] + [
        b"answer %d" % number for number in range(136, 200)
    ]


def test_large_answers_push_out_more_than_small_ones() -> None:
    memory = ReplayMemory(size_limit_bytes=100)
    answered(memory, "a", 1, b"a" * 50)
    answered(memory, "b", 2, b"b" * 50)
    assert len(memory) == 2
    answered(memory, "c", 3, b"c")
    assert not memory.knows("a")
    assert memory.recall("b", 2) == b"b" * 50


def test_the_last_answer_is_remembered_whatever_its_size() -> None:
    memory = ReplayMemory(size_limit_bytes=100)
    answered(memory, "a", 1, b"a")
    answered(memory, "b", 2, b"b" * 1000)
    assert len(memory) == 1
    assert memory.recall("b", 2) == b"b" * 1000


def test_bytes_of_two_neighbours_that_look_like_an_id_are_not_mistaken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake_hash(text: str) -> int:
        return int.from_bytes(text.encode(), "little")

    monkeypatch.setattr("forecourt.ocpp.replay.hash", fake_hash, raising=False)
    memory = ReplayMemory()
    answered(memory, "01234567", 1, b"1")
    answered(memory, "89abcdef", 2, b"2")
    assert not memory.knows("456789ab")
    answered(memory, "456789ab", 3, b"3")
    assert memory.recall("456789ab", 3) == b"3"


def test_whoever_waits_for_a_call_is_told_once_when_it_has_ended() -> None:
    memory = ReplayMemory()
    told: list[str] = []
    memory.begin("a", 1)
    memory.begin("b", 2)
    assert memory.wait("a", 1, lambda: told.append("a"))
    assert memory.wait("a", 1, lambda: told.append("a too"))
    assert memory.wait("b", 2, lambda: told.append("b"))
    memory.end("a", 1, NOTHING)
    assert told == ["a", "a too"]
    memory.end("b", 2, None)
    assert told == ["a", "a too", "b"]


def test_the_answer_is_there_when_who_waits_is_told() -> None:
    memory = ReplayMemory()
    found: list[bytes | None] = []
    memory.begin("a", 1)
    memory.wait("a", 1, lambda: found.append(memory.recall("a", 1)))
    memory.end("a", 1, b"yes")
    assert found == [b"yes"]


def test_nobody_waits_for_what_is_not_being_handled() -> None:
    memory = ReplayMemory()
    assert not memory.wait("a", 1, lambda: None)
    memory.begin("a", 1)
    assert not memory.wait("a", 2, lambda: None)
    memory.end("a", 1, NOTHING)
    assert not memory.wait("a", 1, lambda: None)


def test_who_stops_waiting_is_not_told() -> None:
    memory = ReplayMemory()
    told: list[str] = []

    def tell() -> None:
        told.append("told")

    memory.stop_waiting("a", 1, tell)
    memory.begin("a", 1)
    memory.wait("a", 1, tell)
    memory.stop_waiting("a", 1, tell)
    memory.end("a", 1, NOTHING)
    assert told == []


@pytest.mark.parametrize(
    ("answer", "limit_bytes"),
    [(NOTHING, 2_500), (b'{"currentTime":"2026-11-20T12:00:00.000Z"}', 6_000)],
    ids=["empty", "heartbeat"],
)
def test_a_full_memory_is_small(answer: bytes, limit_bytes: int) -> None:
    tracemalloc.start()
    try:
        before_bytes, _ = tracemalloc.get_traced_memory()
        memories = [ReplayMemory() for _ in range(50)]
        for memory in memories:
            for number in range(150):
                answered(memory, str(number), number, answer)
        after_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert all(len(memory) == 64 for memory in memories)
    assert (after_bytes - before_bytes) / len(memories) < limit_bytes
