"""The verbs of this block. What other blocks use of it is here and in `model`."""

from __future__ import annotations

from forecourt.csms.blocks.transactions.abilities import VARIABLES, ability_of
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.going_on import state_told, tell
from forecourt.csms.blocks.transactions.judging import open_transactions
from forecourt.csms.blocks.transactions.limiting import check_limits, set_limits
from forecourt.csms.blocks.transactions.numbers import Begun, Over, begin, own, stop
from forecourt.csms.blocks.transactions.promises import Promise, promise, promised, withdraw
from forecourt.csms.blocks.transactions.references import reference_of
from forecourt.csms.blocks.transactions.watching import Watch

__all__ = [
    "VARIABLES",
    "Begun",
    "Over",
    "Promise",
    "Transactions",
    "Watch",
    "ability_of",
    "begin",
    "check_limits",
    "open_transactions",
    "own",
    "promise",
    "promised",
    "reference_of",
    "set_limits",
    "state_told",
    "stop",
    "tell",
    "withdraw",
]
