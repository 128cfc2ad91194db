"""Statuses of connectors, and orders to be in or out of service."""
