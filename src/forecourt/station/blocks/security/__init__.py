"""Signing in, security events."""
