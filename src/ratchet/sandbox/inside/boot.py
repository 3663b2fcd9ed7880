"""The first file that a zygote's interpreter runs: load this folder as a package, then be a zygote.

Run as `python -s -S -P -B boot.py CONTROL_FD`. The package gets a name of its
own, so that no program's `import wire` or `import ratchet` ever meets it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

PACKAGE = "_ratchet_inside"


def main() -> None:
    """Load the package and hand over to `zygote.main`; never returns."""
    here = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    importlib.import_module(f"{PACKAGE}.zygote").main(int(sys.argv[1]))


if __name__ == "__main__":
    main()
