"""Lets `make mutate` spoil one block of the station before its tests run, to see that they notice."""

from __future__ import annotations

import os

from tools.mutate.spoiling import VARIABLE, spoil

if spoilt := os.environ.get(VARIABLE):
    spoil(*spoilt.split("/"))
