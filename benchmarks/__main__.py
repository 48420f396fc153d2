"""`make bench`: what can be measured; with a name, that is measured (`make bench ARGS=retrieval`)."""

import importlib
import pkgutil
import runpy
import sys

import benchmarks
from command_line import EXIT_USAGE, printable


def main(arguments: list[str]) -> int:
    """List them, or hand over to one."""
    names = [each.name for each in pkgutil.iter_modules(benchmarks.__path__) if each.ispkg]
    if not arguments:
        for name in names:
            about = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
            print(f"  {name:12}{about.splitlines()[0]}")
        return 0
    name, *rest = arguments
    if name not in names:
        print(f"There is no benchmark {printable(name)}. There is: {', '.join(names)}.", file=sys.stderr)
        return EXIT_USAGE
    sys.argv = [f"benchmarks.{name}", *rest]
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
