"""Writes docs/conformance.md: which certification cases are passed, from the list of cases and the names of the tests."""
