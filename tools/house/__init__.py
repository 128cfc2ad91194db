"""Checks of the house style that no ready-made tool makes. `python -m tools.house` runs them over the repository.

Each check is a function from a `Tree` to the breaches it finds, listed in `tools.house.__main__`; each is proved to
find a planted breach in tests/test_house_style.py. Imports are checked by tests/test_architecture.py.
"""
