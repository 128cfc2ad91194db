"""What operators want on the local lists of their stations, and what of a single station."""

from __future__ import annotations

from forecourt.csms.blocks.authorization import list_store
from forecourt.csms.blocks.authorization.events import LocalListPolicyChanged
from forecourt.csms.blocks.authorization.list_jobs import begin, touch
from forecourt.csms.blocks.authorization.list_model import ListMode, ListPolicy
from forecourt.csms.stations.model import OrganisationKey, Station
from forecourt.csms.store.work import Work


async def set_policy(work: Work, operator: OrganisationKey, policy: ListPolicy) -> None:
    """What an operator wants on the lists of its stations from now on."""
    await list_store.set_policy(await work.sql(), operator, policy)
    work.announce(
        LocalListPolicyChanged(
            organisation_id=operator,
            mode=policy.mode.value,
            media=tuple(sorted(policy.media)),
            refused_too=policy.refused_too,
        )
    )
    await touch(work, operator)


async def set_mode(work: Work, station: Station, mode: ListMode | None) -> None:
    """What is done about the list of one station; None leaves it to its operator's policy."""
    connection = await work.sql()
    state = await list_store.state_of(connection, station)
    value = None if mode is None else mode.value
    await list_store.save(connection, station, mode=value, touched=state.touched + 1)
    begin(work)
