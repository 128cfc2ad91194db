"""The management system: what stations connect to and operators work with."""
