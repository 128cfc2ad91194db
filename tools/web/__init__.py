"""The dashboard's toolchain: Node.js from a Python package, what npm's lock names, and the pages built from web/."""
