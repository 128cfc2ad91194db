"""What joins the blocks: how much of a local list a station takes, as its device model says."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from forecourt.charging.limits import Reporting
from forecourt.csms.assembly import abilities, room_of
from forecourt.csms.blocks.authorization.list_model import Room
from forecourt.csms.blocks.provisioning.actions import record_reported
from forecourt.csms.blocks.provisioning.keys import reported
from forecourt.csms.blocks.provisioning.model import Characteristics, Name, Reported
from forecourt.csms.blocks.transactions.model import Ability
from forecourt.csms.store.work import Store
from tests.csms.blocks.authorization.world import populate, station_of


def told(variable: str, value: str | None, most: str | None = None) -> Reported:
    said = Characteristics(data_type="integer", max_limit=None if most is None else Decimal(most))
    return Reported(name=Name.of("LocalAuthListCtrlr", variable), value=value, characteristics=said)


KEYS_16 = [
    ("LocalAuthListEnabled", "True", False),
    ("LocalAuthListMaxLength", "500", True),
    ("SendLocalListMaxLength", "20", True),
]
MODEL_2 = [
    told("Enabled", "false"),
    told("ItemsPerMessage", "30"),
    told("BytesPerMessage", "4096"),
    told("Entries", "3", "1000"),
    told("Storage", "120", "65536"),
]
NONSENSE = [
    told("Enabled", "maybe"),
    told("ItemsPerMessage", "0"),
    told("BytesPerMessage", "-4"),
    told("Entries", "3", "-1"),
]


@pytest.mark.parametrize(
    ("what", "room"),
    [
        (reported(KEYS_16), Room(enabled=True, items_per_message=20, entries=500)),
        (
            MODEL_2,
            Room(enabled=False, items_per_message=30, bytes_per_message=4096, entries=1000, storage_bytes=65536),
        ),
        (NONSENSE, Room()),
        ([], Room()),
    ],
    ids=["1.6", "2.x", "nonsense", "nothing"],
)
async def test_the_room_for_a_local_list_is_what_the_station_reported(
    store: Store, what: list[Reported], room: Room
) -> None:
    await populate(store)
    station = station_of()
    async with store.work(station.key) as work:
        await record_reported(work, station, what)
    async with store.work() as work:
        assert await room_of(work, station) == room


async def test_what_a_station_reports_about_limits_is_what_transactions_are_told(store: Store) -> None:
    await populate(store)
    station = station_of()
    model = [
        Reported(
            name=Name.of("TxCtrlr", "SupportedLimits"),
            value="MaxEnergy,MaxTime",
            characteristics=Characteristics(data_type="MemberList"),
        ),
        Reported(
            name=Name.of("SampledDataCtrlr", "TxUpdatedInterval"),
            value="30",
            characteristics=Characteristics(data_type="integer"),
        ),
        Reported(
            name=Name.of("SampledDataCtrlr", "TxUpdatedMeasurands"),
            value="Energy.Active.Import.Register,SoC",
            characteristics=Characteristics(data_type="MemberList"),
        ),
    ]
    async with store.work(station.key) as work:
        assert await abilities(work, station) == Ability(Reporting())
    async with store.work(station.key) as work:
        await record_reported(work, station, model)
    async with store.work(station.key) as work:
        assert await abilities(work, station) == Ability(
            Reporting(energy_every_s=30, soc_every_s=30), frozenset({"MaxEnergy", "MaxTime"})
        )


def test_without_an_api_neither_a_web_server_nor_a_migrator_is_imported() -> None:
    program = (
        "import sys, forecourt.csms.app\nprint(sorted({'alembic', 'argon2', 'litestar', 'uvicorn'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.strip() == "[]"
