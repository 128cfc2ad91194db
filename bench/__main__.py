"""`python -m bench NAME [arguments]` runs one measurement; without NAME it lists them."""

from __future__ import annotations

import pkgutil
import runpy
import sys

import bench


def main(arguments: list[str]) -> int:
    """Run the measurement that the first argument names, with the others as its own."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    if not arguments or arguments[0] not in names:
        print(f"usage: python -m bench NAME [arguments], where NAME is one of {', '.join(names)}", file=sys.stderr)
        return 2
    name, *sys.argv[1:] = arguments
    runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
