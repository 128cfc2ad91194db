"""A station in somebody's hands: what can be done to it, what shows, and what the disturbances do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.config import Build
from forecourt.station.core import Station
from forecourt.station.disturbed import Impossible
from forecourt.station.fleet.accepting import Accepting
from forecourt.station.hardware.interface import Control
from forecourt.station.link import Answer
from forecourt.station.scripted import ScriptedLink
from forecourt.station.storage import Memory
from forecourt.station.timeline import VirtualTimeline
from forecourt.station.workbench.doings import KINDS, given, spoken
from forecourt.station.workbench.workbench import StationState, Workbench


class Bench:
    """A workbench in virtual time; `heard` is what arrived at the management system, by action."""

    def __init__(self, version: Version = V201) -> None:
        self.time = VirtualTimeline()
        self.heard: list[str] = []
        self.csms = Accepting(self.time)
        self.link = ScriptedLink(self.time, version, self.hear)
        build = Build(identity="CS001", versions=(version,), seed=1)
        self.bench = Workbench(build, self.time, self.link, Memory())
        self.do("power on")
        self.time.advance(5)
        self.heard.clear()

    def hear(self, station: Station, request: Message) -> Answer:
        self.heard.append(type(request).__name__)
        return self.csms(station, request)

    def do(self, *lines: str) -> None:
        for line in lines:
            self.bench.do(spoken(line))

    def kinds(self) -> list[str]:
        return [record.kind for record in self.bench.records]

    def state(self) -> StationState:
        return self.bench.state()

    def session(self) -> None:
        self.do("plug soc=0.2")
        self.time.advance(2)
        self.do("swipe TAG001")
        self.time.advance(30)


def test_a_session_shows_in_the_state_and_in_the_records() -> None:
    one = Bench()
    one.session()
    (evse,) = one.state().evses
    assert (evse.plugged, evse.state, evse.token) == (True, "Charging", "ISO14443 TAG001")
    assert evse.power_w == 11_040
    assert evse.transaction is not None
    assert evse.import_wh > 0
    assert evse.soc_percent is not None
    assert evse.soc_percent > 20
    one.do("unplug")
    one.time.advance(2)
    (evse,) = one.state().evses
    assert (evse.plugged, evse.transaction, evse.power_w) == (False, None, 0)
    kinds = one.kinds()
    assert [kind for kind in kinds if kind in ("plugged", "presented", "begun", "energy", "ended", "unplugged")] == [
        "plugged", "presented", "begun", "energy", "unplugged", "ended",
    ]  # fmt: skip
    said = [record for record in one.bench.records if record.action == "TransactionEvent" and record.kind == "said"]
    assert said[0].payload is not None
    assert said[0].payload["eventType"] == "Started"
    numbers = [record.number for record in one.bench.records]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "TransactionEvent" in said[0].line()


def test_passwords_are_in_no_record() -> None:
    secret = "0123456789abcdef"
    one, old = Bench(), Bench(V16)
    data = v2.SetVariableData(
        component=v2.Component(name="SecurityCtrlr"),
        variable=v2.Variable(name="BasicAuthPassword"),
        attribute_value=secret,
    )
    one.link.ask(v2.SetVariables(set_variable_data=(data,)))
    old.link.ask(v16.ChangeConfiguration(key="AuthorizationKey", value=secret))
    for bench in (one, old):
        (asked,) = [record for record in bench.bench.records if record.kind == "asked"]
        assert "***" in asked.line()
        assert secret not in asked.line()


def test_records_are_told_as_they_come_until_nobody_wants_them() -> None:
    one, told = Bench(), list[str]()
    stop = one.bench.follow(lambda record: told.append(record.kind))
    one.do("plug")
    assert told[0] == "plugged"
    stop()
    one.do("unplug")
    assert "unplugged" not in told


def test_power_network_fault_and_lock() -> None:
    one = Bench()
    one.session()
    one.do("power off")
    assert (one.state().powered, one.state().evses[0].state, one.state().evses[0].plugged) == (False, "", True)
    assert one.kinds()[-1] == "power cut"
    one.do("power on")
    one.time.advance(5)
    assert one.state().connected
    assert one.state().starts == 2
    one.do("fault code=OtherError")
    assert one.state().evses[0].fault == "OtherError"
    one.do("mend")
    assert one.state().evses[0].operative
    one.do("network off")
    one.time.advance(120)
    assert not one.state().network
    assert one.kinds()[-1] == "offline"
    one.do("network on")
    one.time.advance(300)
    assert one.state().connected
    one.do("network cut")
    assert not one.state().connected
    one.time.advance(60)
    assert one.state().connected


def test_a_clock_that_jumps_and_a_disk_that_is_full() -> None:
    one = Bench()
    before = one.state().clock
    one.do("clock 3600")
    after = one.state().clock
    assert before is not None
    assert after is not None
    assert (after - before).total_seconds() == 3600
    one.do("disk full", "plug")
    one.time.advance(2)
    one.do("swipe TAG001")
    one.time.advance(30)
    assert "TransactionEvent" not in one.heard
    one.do("disk free")
    one.time.advance(10)
    assert one.state().starts > 1
    assert one.state().connected


def test_variables_are_read_and_set_with_the_same_checks_as_from_afar() -> None:
    one = Bench()
    one.do("set SampledDataCtrlr.TxUpdatedInterval 7", "set OCPPCommCtrlr.MessageAttempts.TransactionEvent 4")
    found = one.bench.variables()
    assert found["SampledDataCtrlr.TxUpdatedInterval"] == "7"
    assert found["OCPPCommCtrlr.MessageAttempts.TransactionEvent"] == "4"
    assert "SecurityCtrlr.BasicAuthPassword" not in found
    for wrong, why in (("TxUpdatedInterval -1", "out of range"), ("Nothing 1", "no variable")):
        with pytest.raises(Impossible, match=why):
            one.do(f"set SampledDataCtrlr.{wrong}")
    with pytest.raises(Impossible, match="read only"):
        one.do("set ChargingStation.VendorName X")
    one.do("power off", "set SampledDataCtrlr.TxUpdatedInterval 9")
    with pytest.raises(Impossible, match="power"):
        one.bench.variables()


def test_an_energy_manager_limits_what_is_offered_until_it_does_not() -> None:
    one = Bench()
    one.session()
    one.do("restrict limit-a=10")
    one.time.advance(5)
    (evse,) = one.state().evses
    assert (evse.offered_a, evse.power_w) == (10, 6900)
    one.do("restrict")
    one.time.advance(5)
    assert one.state().evses[0].power_w == 11_040
    one.do("restrict limit-w=3000 evse=1")
    one.time.advance(5)
    assert one.state().evses[0].power_w == 0
    texts = [record.text for record in one.bench.records if record.kind == "restricted"]
    assert texts == ["EMS: 10.0 A", "EMS: no limit", "EMS: 3000.0 W"]


def test_a_driver_limits_his_transaction() -> None:
    one = Bench(V21)
    one.do("plug", "swipe TAG001")
    one.time.advance(30)
    one.do("limit energy-wh=200 time-s=3600 cost=9.50 soc-percent=90")
    one.time.advance(600)
    assert (one.state().evses[0].state, one.state().evses[0].power_w) == ("SuspendedEVSE", 0)
    assert "limit" in one.kinds()


def test_a_button_a_parking_bay_and_a_vehicle_that_talks_show_in_the_records() -> None:
    one = Bench(V21)
    one.do("park", "plug control=dynamic leaves-in-s=3600 chooses=2", "swipe TAG001")
    one.time.advance(30)
    one.do("hurry", "renegotiate", "park there=false")
    one.time.advance(5)
    kinds = one.kinds()
    assert {"hurry", "needs"} <= set(kinds)
    vehicle = one.bench.hardware.vehicle_at(1)
    assert vehicle is not None
    assert (vehicle.model.talks, vehicle.model.control, vehicle.choice) == (True, Control.DYNAMIC, 1)


def test_a_vehicle_that_wants_a_certificate_and_gets_none_charges_by_card() -> None:
    one = Bench(V21)
    one.do("plug exi=gJgCAAAA renews=true")
    one.time.advance(10)
    (wanted,) = [record for record in one.bench.records if record.kind == "wanted"]
    assert (wanted.evse, wanted.text) == (1, "renews")
    assert "Get15118EVCertificate" in one.heard
    one.do("swipe TAG001")
    one.time.advance(30)
    assert one.state().evses[0].power_w > 0


def test_a_power_failure_with_a_back_up_is_told_before_the_end() -> None:
    one = Bench()
    one.session()
    one.do("power fails")
    one.time.advance(2)
    one.do("power off")
    said = [record for record in one.bench.records if record.kind == "said" and record.action == "TransactionEvent"]
    assert said[-1].payload is not None
    assert said[-1].payload["eventType"] == "Ended"
    assert said[-1].payload["transactionInfo"]["stoppedReason"] == "PowerLoss"


def doubled(one: Bench) -> bool:
    return one.heard.count("Authorize") == 2 and one.kinds().count("answered") >= 1


def dropped(one: Bench) -> bool:
    return "Authorize" not in one.heard and "failed" in one.kinds()


def unanswered(one: Bench) -> bool:
    return one.heard.count("Authorize") == 1 and "failed" in one.kinds()


def late(one: Bench) -> bool:
    answered = [record for record in one.bench.records if record.kind == "answered" and record.action == "Authorize"]
    said = [record for record in one.bench.records if record.kind == "said" and record.action == "Authorize"]
    return answered[0].at.timestamp() - said[0].at.timestamp() > 9


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("disturb duplicate Authorize", doubled),
        ("disturb drop Authorize", dropped),
        ("disturb drop-answer Authorize", unanswered),
        ("disturb delay Authorize by_s=10", late),
        ("disturb delay-answer action=* by-s=10", late),
    ],
)
def test_a_disturbance_concerns_the_next_call(line: str, holds: Callable[[Bench], bool]) -> None:
    one = Bench(V16)
    one.do(line, "swipe TAG001")
    one.time.advance(60)
    assert holds(one), one.heard
    assert not one.bench.link.disturbances


def test_a_disturbance_happens_as_often_as_said() -> None:
    one = Bench(V16)
    one.do("disturb drop Authorize times=2")
    for _ in range(3):
        one.do("swipe TAG001")
        one.time.advance(100)
    assert one.heard.count("Authorize") == 1


def test_a_link_in_memory_carries_nothing_malformed() -> None:
    with pytest.raises(Impossible, match="WebSocket"):
        Bench().do("disturb malformed")


@pytest.mark.parametrize(
    "line",
    ["plug 2", "plug connector=2", "unplug 0", "swipe", "swipe A evse=3", "fault 9", "dance", "plug colour=red", "lock 7",
     "network up", "clock soon", "plug 'x", "mend 1 2"],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(line: str) -> None:
    with pytest.raises(Impossible):
        Bench().do(line)


def test_every_doing_reads_the_same_from_text_and_from_data() -> None:
    needed: dict[str, dict[str, Any]] = {
        "swipe": {"token": "A"}, "power": {"to": "on"}, "network": {"to": "on"}, "disk": {"to": "full"}, "clock": {"by-s": 1.5},
        "set": {"variable": "A.B", "value": "1"}, "disturb": {"what": "drop"},
    }  # fmt: skip
    for name in KINDS:
        fields = needed.get(name, {})
        line = " ".join([name, *(f"{key}={value}" for key, value in fields.items())])
        assert spoken(line) == given({"do": name, **fields})
    with pytest.raises(Impossible):
        given({"do": "plug", "soc": "much"})


def test_the_state_is_json() -> None:
    found = msgspec.json.decode(msgspec.json.encode(Bench().state()))
    assert found["evses"][0]["socPercent"] is None
    assert found["registration"] == "Accepted"
