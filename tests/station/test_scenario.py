"""Scenarios, dry and in virtual time: what passes, what fails and why, what is left to chance, and what is no scenario."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from forecourt.cli.main import main
from forecourt.clock import VirtualClock
from forecourt.station.scenario.dry import dry
from forecourt.station.scenario.matching import at, fits
from forecourt.station.scenario.play import Play, Result, Status
from forecourt.station.scenario.script import WrongScenario, read_scenario
from forecourt.transport import HttpRequest, HttpResponse, listen, not_found

HEAD = '[station]\nversions = ["2.0.1"]\n[[step]]\nexpect = "accepted"\n'


async def played(tmp_path: Path, steps: str, *, seed: int = 1, limit_s: float = 300) -> list[Result]:
    """The results of some steps after the station has been accepted."""
    file = tmp_path / "scenario.toml"
    file.write_text(HEAD + steps, encoding="utf-8")
    scenario, clock, results = read_scenario(file, {}), VirtualClock(), list[Result]()
    bench = dry(scenario.station, clock)
    play = Play(scenario, bench, clock, seed=seed, told=results.append)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(play.run())
        while not task.done():
            assert clock.monotonic() < limit_s
            await clock.advance(0.5)
    assert task.result() is all(one.status is not Status.FAILED for one in results)
    return results


def statuses(results: list[Result]) -> list[str]:
    return [one.status.value for one in results]


async def test_a_step_that_fails_is_the_last_and_says_what_happened(tmp_path: Path) -> None:
    results = await played(
        tmp_path, '[[step]]\ndo = "plug"\n[[step]]\nexpect = "ended"\nwithin-s = 5\n[[step]]\nwait-s = 1\n'
    )
    assert statuses(results) == ["passed", "passed", "failed", "skipped"]
    assert "within 5 s" in results[2].message
    assert "plugged EVSE 1" in results[2].message
    assert results[2].took_s == pytest.approx(5, abs=0.6)


async def test_what_came_before_the_last_doing_or_expectation_does_not_count(tmp_path: Path) -> None:
    steps = '[[step]]\ndo = "plug"\n[[step]]\ndo = "unplug"\n[[step]]\nexpect = "plugged"\nwithin-s = 3\n'
    assert statuses(await played(tmp_path, steps))[-1] == "failed"
    steps = '[[step]]\ndo = "plug"\n[[step]]\nexpect = "plugged"\n[[step]]\nexpect = "plugged"\nwithin-s = 3\n'
    assert statuses(await played(tmp_path, steps))[-2:] == ["passed", "failed"]


async def test_where_answer_text_and_evse_choose_among_records(tmp_path: Path) -> None:
    for condition, status in (
        ("evse = 1", "passed"),
        ("evse = 2", "failed"),
        ('text = "connector 1"', "passed"),
        ('text = { matches = "connector [2-9]" }', "failed"),
    ):
        steps = f'[[step]]\ndo = "plug"\n[[step]]\nexpect = "plugged"\nwithin-s = 1\n{condition}\n'
        assert statuses(await played(tmp_path, steps))[-1] == status, condition
    steps = '[[step]]\ndo = "swipe"\ntoken = "A"\n[[step]]\nexpect = "answered"\naction = "Authorize"\nwithin-s = 3\n'
    assert statuses(await played(tmp_path, steps + 'where = { "idTokenInfo.status" = "Accepted" }\n'))[-1] == "passed"
    assert statuses(await played(tmp_path, steps + 'where = { "idTokenInfo.status" = "Blocked" }\n'))[-1] == "failed"


async def test_what_must_never_happen_fails_when_it_does_and_else_passes_when_the_time_is_over(tmp_path: Path) -> None:
    never = '[[step]]\nnever = "said"\naction = "TransactionEvent"\nfor-s = 10\n'
    results = await played(tmp_path, never)
    assert statuses(results)[-1] == "passed"
    assert results[-1].took_s == pytest.approx(10, abs=0.6)
    begin = '[[step]]\ndo = "plug"\n[[step]]\ndo = "swipe"\ntoken = "A"\n'
    results = await played(tmp_path, begin + never)
    assert statuses(results)[-1] == "failed"
    assert "it came: said TransactionEvent" in results[-1].message


async def test_a_state_is_waited_for(tmp_path: Path) -> None:
    begin = '[[step]]\ndo = "plug"\nsoc = 0.2\n[[step]]\ndo = "swipe"\ntoken = "A"\n'
    results = await played(
        tmp_path, begin + '[[step]]\nstate = { "evses.0.importWh" = { at-least = 100 } }\nwithin-s = 60\n'
    )
    assert statuses(results)[-1] == "passed"
    assert 30 < results[-1].took_s < 40
    results = await played(tmp_path, "[[step]]\nstate = { connected = false }\nwithin-s = 2\n")
    assert "connected is True, not False" in results[-1].message


async def test_repetitions_are_numbered_and_chance_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    steps = "[[step]]\nrepeat = 20\nsteps = [{ wait-s = [1, 3], chance = 0.5 }, { wait-s = 0.1 }]\n"
    one = await played(tmp_path, steps, seed=1)
    assert [result.number for result in one][1:4] == ["2.1.1", "2.1.2", "2.2.1"]
    assert (
        statuses(one)
        == statuses(await played(tmp_path, steps, seed=1))
        != statuses(await played(tmp_path, steps, seed=2))
    )
    taken = [result for result in one if result.number.endswith(".1") and result.status is Status.PASSED]
    assert 4 <= len(taken) <= 16
    assert len({round(result.took_s) for result in taken}) > 1


async def test_what_cannot_be_done_fails_its_step(tmp_path: Path) -> None:
    results = await played(tmp_path, '[[step]]\ndo = "plug"\nevse = 7\n')
    assert "EVSE 7" in results[-1].message


async def served(request: HttpRequest) -> HttpResponse:
    if request.path == "/broken":
        return HttpResponse(HTTPStatus.OK, b"<html>")
    status = HTTPStatus.CREATED if request.body == b'{"a":1}' else HTTPStatus.CONFLICT
    return HttpResponse(status, b'{"items": [{"id": 7}]}', "application/json")


async def test_a_program_is_asked_and_its_answer_looked_at(tmp_path: Path) -> None:
    listener = await listen(lambda handshake: not_found("no"), host="127.0.0.1", http=served)
    url = f"http://127.0.0.1:{listener.port}"
    for rest, why in (
        ('json = { a = 1 }\nwhere = { "items.0.id" = 7 }', ""),
        ('json = { a = 1 }\nwhere = { "items.0.id" = 8 }', "items.0.id is 7, not 8"),
        ("json = { a = 1 }\nstatus = 200", "answered with 201"),
        ("status = 409", ""),
        ("json = { a = 2 }", "answered with 409"),
    ):
        results = await played(tmp_path, f'[[step]]\nrequest = "POST {url}/x"\n{rest}\n', limit_s=1e6)
        assert (results[-1].status is Status.PASSED, why in results[-1].message) == (not why, True), rest
    results = await played(tmp_path, f'[[step]]\nrequest = "GET {url}/broken"\nwhere = {{ a = 1 }}\n', limit_s=1e6)
    assert "no JSON" in results[-1].message
    await listener.close()
    results = await played(tmp_path, f'[[step]]\nrequest = "GET {url}/x"\n', limit_s=1e6)
    assert results[-1].status is Status.FAILED


@pytest.mark.parametrize(
    ("found", "wanted", "holds"),
    [
        (3, 3, True), (3, 4, False), (3, {"at-least": 3}, True), (2, {"at-least": 3}, False), (3, {"at-most": 2}, False),
        ("x", {"at-least": 1}, False), (True, {"at-least": 1}, False), ("a", {"not": "b"}, True), ("a", {"not": "a"}, False),
        ("a", {"one-of": ["a", "b"]}, True), ("abc", {"matches": "^b"}, False), ("abc", {"matches": "b"}, True),
        (None, {"there": False}, True), (0, {"there": True}, True), (5, {"at-least": 3, "at-most": 4}, False),
    ],
)  # fmt: skip
def test_comparisons(found: object, wanted: object, holds: bool) -> None:
    assert fits(found, wanted) is holds


def test_paths_lead_into_tables_and_lists() -> None:
    thing = {"a": [{"b": 1}, {"b": 2}]}
    assert (at(thing, "a.1.b"), at(thing, "a.-1.b")) == (2, 2)
    assert fits(at(thing, "a.2.b"), {"there": False})
    assert not fits(at(thing, "a.2.b"), {"not": 1})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = [", "scenario.toml"),
        ("", r"no \[\[step\]\]"),
        ("[[step]]\n", "step 1: one of do"),
        ('[[step]]\ndo = "dance"\n', "step 1"),
        ('[[step]]\nexpect = "said"\nwhereas = {}\n', "whereas"),
        ('[[step]]\nexpect = "said"\nwhere = { a = { above = 1 } }\n', "above: one of at-least"),
        ('[[step]]\nrepeat = 2\nsteps = [{ do = "plug", evs = 1 }]\n', r"step 1\.1.*evs"),
        ('[[step]]\nwait-s = "long"\n', "step 1"),
        ('[[step]]\nrequest = "http://x"\n', "method and a URL"),
        ('[[step]]\ndo = "swipe"\ntoken = "${card}"\n', "card"),
        ('colour = "red"\n[[step]]\nwait-s = 1\n', "colour"),
        ("timeout-s = 0\n[[step]]\nwait-s = 1\n", "timeout"),
        ('[station]\ncolour = "x"\n[[step]]\nwait-s = 1\n', "colour"),
    ],
)
def test_what_is_no_scenario_is_refused_with_the_place(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongScenario, match=why):
        read_scenario(file, {})


def test_the_command_reports_to_junit_and_ends_with_one_when_something_fails(tmp_path: Path) -> None:
    good, bad, report = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "report.xml"
    good.write_text(HEAD + '[values]\ncard = "A"\n[[step]]\ndo = "swipe"\ntoken = "${card}"\n[[step]]\nexpect = "presented"\n'
                    'text = "ISO14443 B\\u0001"\nwithin-s = 1\n', encoding="utf-8")  # fmt: skip
    bad.write_text(HEAD + '[[step]]\nexpect = "ended"\nwithin-s = 1\n[[step]]\nwait-s = 1\n', encoding="utf-8")
    arguments = ["station", "scenario", "--dry", "--junit", str(report)]
    passed = CliRunner().invoke(main, [*arguments, "--let", "card=B\x01", str(good)])
    assert passed.exit_code == 0, passed.output
    failed = CliRunner().invoke(main, [*arguments, str(good), str(bad), "--let", "card=B\x01"])
    assert failed.exit_code == 1
    assert "FAILED" in failed.output
    suites = etree.parse(report).getroot()
    assert [
        (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in suites
    ] == [
        ("good", "3", "0", "0"),
        ("bad", "3", "1", "1"),
    ]
    assert "within 1 s" in str(suites[1][1][0].get("message"))


def test_the_command_says_what_is_wrong_before_it_begins(tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    file.write_text("[[step]]\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["station", "scenario", str(file), "--url", "ws://x"])
    assert result.exit_code == 2
    file.write_text(HEAD, encoding="utf-8")
    result = CliRunner().invoke(main, ["station", "scenario", str(file)])
    assert result.exit_code == 2
    assert "URL" in result.output
