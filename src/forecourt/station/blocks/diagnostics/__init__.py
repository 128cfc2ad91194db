"""Logs: what happened, kept and uploaded when asked for."""
