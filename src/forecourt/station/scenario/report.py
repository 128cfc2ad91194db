"""What became of scenarios, as JUnit XML: a suite for each scenario, a case for each step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lxml import etree

from forecourt.station.scenario.play import Result, Status

_UNSAYABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(scenarios: Sequence[tuple[str, Sequence[Result]]]) -> bytes:
    """The report; `scenarios` are names with the results of their steps."""
    root = etree.Element("testsuites")
    for name, results in scenarios:
        counts = {status: sum(one.status is status for one in results) for status in Status}
        suite = etree.SubElement(
            root,
            "testsuite",
            name=_said(name),
            tests=str(len(results)),
            failures=str(counts[Status.FAILED]),
            skipped=str(counts[Status.SKIPPED]),
            errors="0",
            time=f"{sum(one.took_s for one in results):.3f}",
        )
        for one in results:
            title = _said(f"{one.number} {one.title}")
            case = etree.SubElement(suite, "testcase", classname=_said(name), name=title, time=f"{one.took_s:.3f}")
            if one.status is Status.FAILED:
                failure = etree.SubElement(case, "failure", message=_said(one.message.partition("\n")[0]))
                failure.text = _said(one.message)
            elif one.status is Status.SKIPPED:
                etree.SubElement(case, "skipped")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _said(text: str) -> str:
    """XML has no way to write some characters."""
    return _UNSAYABLE.sub("?", text)
