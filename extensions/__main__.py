"""Runs as `python extensions` in a project, after a copy or an update: see relocate.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from extensions import relocate

relocate.main()
