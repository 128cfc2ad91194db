"""The library at work. Each module runs on its own: `python -m examples.all_versions`."""
