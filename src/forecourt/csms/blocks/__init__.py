"""The functional blocks of the specification: one folder each, with what the management system does about it."""
