"""Transactions: what every station says about them, in any version, ends in one record (block E)."""
