"""The world of the transaction tests: meter values are of transactions, or not."""

from tests.csms.blocks.transactions.conftest import world

__all__ = ["world"]
