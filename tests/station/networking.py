"""A station with network profiles, and management systems at several addresses that can be reached or not."""

from __future__ import annotations

from typing import Any

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V16
from forecourt.station.link import Route
from tests.station.rig import Rig

OTHER = "wss://other.example/ocpp"
PLAIN = "ws://other.example/ocpp"


class World:
    """Which management systems answer: by URL, and by security profile; `tried` is what the
    station tried, in order, and `moments` when."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.tried: list[Route] = []
        self.moments: list[float] = []
        self.away: set[str | None] = set()
        self.only: int | None = None
        rig.link.reached = self.reached

    def reached(self, route: Route) -> bool | str:
        self.tried.append(route)
        self.moments.append(self.rig.time.monotonic())
        return route.url not in self.away and self.only in (None, route.security_profile)

    @property
    def urls(self) -> list[str | None]:
        return [route.url for route in self.tried]


def profile(url: str, security_profile: int, **more: Any) -> v2.NetworkConnectionProfile:
    return v2.NetworkConnectionProfile(
        **{
            "message_timeout": 30,
            "ocpp_csms_url": url,
            "ocpp_interface": "Wired0",
            "ocpp_transport": "JSON",
            "ocpp_version": "OCPP20",
            "security_profile": security_profile,
            **more,
        }
    )


def configure(rig: Rig, slot: int, url: str, security_profile: int, **more: Any) -> v2.SetNetworkProfileResponse:
    answer: v2.SetNetworkProfileResponse = rig.ask(
        v2.SetNetworkProfile(configuration_slot=slot, connection_data=profile(url, security_profile, **more))
    )
    return answer


def prefer(rig: Rig, order: str) -> str:
    """Set NetworkConfigurationPriority; returns the status."""
    data = v2.SetVariableData(
        component=v2.Component(name="OCPPCommCtrlr"),
        variable=v2.Variable(name="NetworkConfigurationPriority"),
        attribute_value=order,
    )
    status: str = rig.ask(v2.SetVariables(set_variable_data=(data,))).set_variable_result[0].attribute_status
    return status


def value(rig: Rig, component: str, variable: str) -> str:
    data = v2.GetVariableData(component=v2.Component(name=component), variable=v2.Variable(name=variable))
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert result.attribute_status == "Accepted"
    found: str = result.attribute_value
    return found


def quick(rig: Rig, attempts: int = 1) -> None:
    """Short waits, and so many attempts for each profile."""
    if rig.version is V16:
        return
    for variable, text in (
        ("NetworkProfileConnectionAttempts", str(attempts)),
        ("RetryBackOffRepeatTimes", "0"),
        ("RetryBackOffRandomRange", "0"),
        ("RetryBackOffWaitMinimum", "10"),
    ):
        rig.set(f"OCPPCommCtrlr.{variable}", text)


def restart(rig: Rig) -> None:
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Accepted"
