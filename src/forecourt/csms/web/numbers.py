"""What a list is narrowed to, by its number: the filters that mean the same wherever they stand."""

from __future__ import annotations

from typing import Annotated, Final

from litestar.params import QueryParameter

_LARGEST: Final = 2**63 - 1
"""The largest number that a row has."""

OrganisationNumber = Annotated[int | None, QueryParameter(name="organisationId", ge=1, le=_LARGEST)]
SiteNumber = Annotated[int | None, QueryParameter(name="siteId", ge=1, le=_LARGEST)]
StationNumber = Annotated[int | None, QueryParameter(name="stationId", ge=1, le=_LARGEST)]
TokenNumber = Annotated[int | None, QueryParameter(name="tokenId", ge=1, le=_LARGEST)]
