"""Plug & Charge in 1.6."""
