"""The management system in memory has an answer to everything a station may say."""

from __future__ import annotations

import pytest

from forecourt.ocpp.versions import VERSIONS, Version
from forecourt.station.fleet import v2, v16


@pytest.mark.parametrize("version", VERSIONS.values(), ids=str)
def test_it_has_an_answer_to_everything_a_station_may_say(version: Version) -> None:
    answered = {**v16.ANSWERS, **v2.ANSWERS}
    for action in version.actions.values():
        if action.from_station and action.response is not None and action.request not in answered:
            # An answer without a field; one that needs any has to be in the table.
            action.response()
