"""What `copier.yml` names: loads this folder as a package and gives Copier the extension.

The package's name is made from the folder's path. An update has two versions of the template in
one process, each in a clone of its own, and neither must get the other's modules.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path


def load(folder: Path) -> str:
    """Load a folder as a package, once, and return the package's name."""
    name = f"ladder_{hashlib.sha256(bytes(folder)).hexdigest()[:12]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return name


Ladder = importlib.import_module(f"{load(Path(__file__).resolve().parent)}.context").Ladder
