"""Vendor messages."""
