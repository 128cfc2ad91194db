"""Network connection profiles in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.blocks.provisioning.network import actions
from forecourt.station.blocks.provisioning.network.model import Profile
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says
from forecourt.transport.dial import Target


def on_set(station: Station, call: v2.SetNetworkProfile) -> v2.SetNetworkProfileResponse:
    """B09. The version is agreed on when connecting, so what the profile says of it is not looked at."""
    told = call.connection_data
    if _unusable(told):
        return _answer("Rejected", "InvalidNetworkConf")
    profile = Profile(
        security_profile=told.security_profile,
        url=told.ocpp_csms_url,
        interface=told.ocpp_interface,
        version="OCPP21" if told.ocpp_version is UNSET else told.ocpp_version,
        message_timeout_s=min(max(1, told.message_timeout), 3600),
        identity=None if told.identity is UNSET else told.identity,
        password=None if told.basic_auth_password is UNSET else told.basic_auth_password,
    )
    return _answer(*actions.set_profile(station, call.configuration_slot, profile))


def _unusable(told: v2.NetworkConnectionProfile) -> bool:
    """Whether it asks for what there is not: other transports, modems, tunnels (B09.FR.02)."""
    if told.ocpp_transport != "JSON" or told.apn is not UNSET or told.vpn is not UNSET:
        return True
    if not 0 <= told.security_profile <= 3 or told.message_timeout < 1:
        return True
    if told.basic_auth_password is not UNSET and len(told.basic_auth_password) < 16:
        return True
    try:
        Target.of(told.ocpp_csms_url)
    except ValueError:
        return True
    return False


def _answer(status: str, reason: str) -> v2.SetNetworkProfileResponse:
    return v2.SetNetworkProfileResponse(
        status=cast(v2.SetNetworkProfileStatus, status),
        status_info=v2.StatusInfo(reason_code=reason) if reason else UNSET,
    )


HEARS: Final[Hears] = {v2.SetNetworkProfile: on_set}
SAYS: Final[Says] = {}
