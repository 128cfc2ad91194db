"""Firmware: fetched, checked, installed."""
