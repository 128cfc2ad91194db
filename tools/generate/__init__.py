"""Generates the message types of `forecourt.ocpp` from the schemas of the PyPI package `ocpp`.

`schemas(version)` gives the corrected schemas to tests that need an oracle.
"""

from tools.generate.sources import schemas

__all__ = ["schemas"]
