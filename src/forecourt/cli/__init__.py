"""The command line: `forecourt serve`, `forecourt demo` and the rest. The one place that knows both ends."""
