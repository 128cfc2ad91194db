"""Forecourt, the open charging platform: charging stations and their management system."""

__version__ = "0.1.0"
