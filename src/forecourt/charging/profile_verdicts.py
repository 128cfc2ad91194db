"""The words for whether a charging profile may be installed, and what each is called in a reasonCode.

The rules are in `profile_rules` (the profile itself, the station) and `profiles` (the other profiles), which name the
requirement at each line.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType


class ProfileVerdict(Enum):
    """ACCEPTED, or what stands against it."""

    ACCEPTED = auto()

    # The profile in itself
    NO_SCHEDULE = auto()
    TOO_MANY_SCHEDULES = auto()
    NO_PERIODS = auto()
    FIRST_PERIOD_NOT_AT_ZERO = auto()
    PERIODS_OUT_OF_ORDER = auto()
    DURATION_NOT_POSITIVE = auto()
    VALIDITY_EMPTY = auto()
    STACK_LEVEL_NEGATIVE = auto()
    START_SCHEDULE_MISSING = auto()
    START_SCHEDULE_IN_RELATIVE = auto()
    RECURRENCY_MISSING = auto()
    RECURRENCY_NOT_RECURRING = auto()
    MAX_PROFILE_RELATIVE = auto()
    TRANSACTION_ID_OF_OTHER_PURPOSE = auto()
    DYNAMIC_NOT_ONE_PERIOD = auto()
    DYNAMIC_FIELD_IN_OTHER_KIND = auto()
    LIMIT_MISSING = auto()
    SETPOINT_OUTSIDE_LIMITS = auto()
    NUMBER_OF_PHASES_OUT_OF_RANGE = auto()
    PHASE_TO_USE_OUT_OF_RANGE = auto()
    PHASE_TO_USE_OF_SEVERAL_PHASES = auto()
    LIMITS_PER_PHASE_NOT_ALLOWED = auto()
    OPERATION_MODE_NOT_ALLOWED = auto()
    PRIORITY_WITH_DURATION = auto()
    PRIORITY_NOT_CHARGING_ONLY = auto()
    RANDOMIZED_DELAY_NOT_ALLOWED = auto()
    EVSE_SLEEP_NOT_IDLE = auto()
    IDLE_WITH_VALUES = auto()

    # The profile at this station
    EXTERNAL_CONSTRAINTS_FROM_CSMS = auto()
    PROFILE_ID_RESERVED = auto()
    STACK_LEVEL_TOO_HIGH = auto()
    TOO_MANY_PERIODS = auto()
    UNSUPPORTED_RATE_UNIT = auto()
    UNSUPPORTED_PURPOSE = auto()
    UNSUPPORTED_KIND = auto()
    LOCAL_TIME_UNSUPPORTED = auto()
    RANDOMIZED_DELAY_UNSUPPORTED = auto()
    LIMIT_AT_SOC_UNSUPPORTED = auto()
    OFFLINE_VALIDITY_UNSUPPORTED = auto()
    OPERATION_MODE_UNSUPPORTED = auto()
    UNKNOWN_EVSE = auto()
    MAX_PROFILE_ON_EVSE = auto()
    TX_PROFILE_ON_STATION = auto()
    TX_PROFILE_WITHOUT_TRANSACTION = auto()
    TX_PROFILE_WITHOUT_TRANSACTION_ID = auto()
    TX_PROFILE_OF_UNKNOWN_TRANSACTION = auto()
    NOT_A_TX_PROFILE = auto()
    TRANSACTION_ID_BEFORE_START = auto()
    PHASES_OF_DC = auto()
    PHASES_NOT_ASSURED = auto()
    PHASE_NOT_SWITCHABLE = auto()

    # The profile among those installed
    EXTERNAL_CONSTRAINTS_NOT_REPLACEABLE = auto()
    DUPLICATE_PROFILE = auto()
    PHASE_CONFLICT = auto()
    TOO_MANY_PROFILES = auto()
    # A change to an installed profile
    UNKNOWN_PROFILE = auto()
    NOT_DYNAMIC = auto()

    @property
    def accepted(self) -> bool:
        return self is ProfileVerdict.ACCEPTED

    @property
    def reason_code(self) -> str:
        """What to send along in statusInfo (Part 2 appendices); empty for ACCEPTED."""
        return REASON_CODES.get(self, "")


REASON_CODES: Mapping[ProfileVerdict, str] = MappingProxyType(
    {
        ProfileVerdict.NO_SCHEDULE: "InvalidProfile",
        ProfileVerdict.TOO_MANY_SCHEDULES: "InvalidProfile",
        ProfileVerdict.NO_PERIODS: "InvalidSchedule",
        ProfileVerdict.FIRST_PERIOD_NOT_AT_ZERO: "InvalidSchedule",
        ProfileVerdict.PERIODS_OUT_OF_ORDER: "InvalidSchedule",
        ProfileVerdict.DURATION_NOT_POSITIVE: "InvalidSchedule",
        ProfileVerdict.VALIDITY_EMPTY: "InvalidProfile",
        ProfileVerdict.STACK_LEVEL_NEGATIVE: "InvalidStackLevel",
        ProfileVerdict.START_SCHEDULE_MISSING: "InvalidSchedule",
        ProfileVerdict.START_SCHEDULE_IN_RELATIVE: "InvalidSchedule",
        ProfileVerdict.RECURRENCY_MISSING: "InvalidProfile",
        ProfileVerdict.RECURRENCY_NOT_RECURRING: "InvalidProfile",
        ProfileVerdict.MAX_PROFILE_RELATIVE: "InvalidProfile",
        ProfileVerdict.TRANSACTION_ID_OF_OTHER_PURPOSE: "InvalidProfile",
        ProfileVerdict.DYNAMIC_NOT_ONE_PERIOD: "InvalidSchedule",
        ProfileVerdict.DYNAMIC_FIELD_IN_OTHER_KIND: "InvalidProfile",
        ProfileVerdict.LIMIT_MISSING: "InvalidSchedule",
        ProfileVerdict.SETPOINT_OUTSIDE_LIMITS: "InvalidSchedule",
        ProfileVerdict.NUMBER_OF_PHASES_OUT_OF_RANGE: "InvalidSchedule",
        ProfileVerdict.PHASE_TO_USE_OUT_OF_RANGE: "InvalidSchedule",
        ProfileVerdict.PHASE_TO_USE_OF_SEVERAL_PHASES: "InvalidSchedule",
        ProfileVerdict.LIMITS_PER_PHASE_NOT_ALLOWED: "PhaseConflict",
        ProfileVerdict.OPERATION_MODE_NOT_ALLOWED: "InvalidOperationMode",
        ProfileVerdict.PRIORITY_WITH_DURATION: "InvalidSchedule",
        ProfileVerdict.PRIORITY_NOT_CHARGING_ONLY: "InvalidSchedule",
        ProfileVerdict.RANDOMIZED_DELAY_NOT_ALLOWED: "InvalidSchedule",
        ProfileVerdict.EVSE_SLEEP_NOT_IDLE: "InvalidSchedule",
        ProfileVerdict.IDLE_WITH_VALUES: "InvalidSchedule",
        ProfileVerdict.EXTERNAL_CONSTRAINTS_FROM_CSMS: "InvalidProfile",
        ProfileVerdict.PROFILE_ID_RESERVED: "InvalidProfileId",
        ProfileVerdict.STACK_LEVEL_TOO_HIGH: "InvalidStackLevel",
        ProfileVerdict.TOO_MANY_PERIODS: "TooManyElements",
        ProfileVerdict.UNSUPPORTED_RATE_UNIT: "UnsupportedRateUnit",
        ProfileVerdict.UNSUPPORTED_PURPOSE: "UnsupportedPurpose",
        ProfileVerdict.UNSUPPORTED_KIND: "UnsupportedKind",
        ProfileVerdict.LOCAL_TIME_UNSUPPORTED: "InvalidSchedule",
        ProfileVerdict.RANDOMIZED_DELAY_UNSUPPORTED: "InvalidSchedule",
        ProfileVerdict.LIMIT_AT_SOC_UNSUPPORTED: "InvalidSchedule",
        ProfileVerdict.OFFLINE_VALIDITY_UNSUPPORTED: "UnsupportedParam",
        ProfileVerdict.OPERATION_MODE_UNSUPPORTED: "InvalidOperationMode",
        ProfileVerdict.UNKNOWN_EVSE: "UnknownEvse",
        ProfileVerdict.MAX_PROFILE_ON_EVSE: "InvalidProfile",
        ProfileVerdict.TX_PROFILE_ON_STATION: "InvalidProfile",
        ProfileVerdict.TX_PROFILE_WITHOUT_TRANSACTION: "TxNotFound",
        ProfileVerdict.TX_PROFILE_WITHOUT_TRANSACTION_ID: "MissingParam",
        ProfileVerdict.TX_PROFILE_OF_UNKNOWN_TRANSACTION: "TxNotFound",
        ProfileVerdict.NOT_A_TX_PROFILE: "InvalidProfile",
        ProfileVerdict.TRANSACTION_ID_BEFORE_START: "InvalidProfile",
        ProfileVerdict.PHASES_OF_DC: "NoPhaseForDC",
        ProfileVerdict.PHASES_NOT_ASSURED: "InvalidSchedule",
        ProfileVerdict.PHASE_NOT_SWITCHABLE: "InvalidSchedule",
        ProfileVerdict.EXTERNAL_CONSTRAINTS_NOT_REPLACEABLE: "InvalidProfileId",
        ProfileVerdict.DUPLICATE_PROFILE: "DuplicateProfile",
        ProfileVerdict.PHASE_CONFLICT: "PhaseConflict",
        ProfileVerdict.TOO_MANY_PROFILES: "TooManyElements",
        ProfileVerdict.UNKNOWN_PROFILE: "InvalidProfile",
        ProfileVerdict.NOT_DYNAMIC: "InvalidProfile",
    }
)
