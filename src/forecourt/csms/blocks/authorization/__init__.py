"""Tokens and the verdicts about them, and the Local Authorization Lists of stations (blocks C and D)."""
