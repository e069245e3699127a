"""The commands that documents show, and how the tests run them."""

from __future__ import annotations

import re
from pathlib import Path

from tests import support

README = support.ROOT / "README.md"
CONTRIBUTING = support.ROOT / "CONTRIBUTING.md"
DOCS = support.ROOT / "docs"
CLIMB = DOCS / "how-to" / "climb.md"
UPGRADE = DOCS / "how-to" / "upgrade.md"
COMPANY = DOCS / "how-to" / "company-template.md"
ADOPT = DOCS / "how-to" / "adopt.md"
WITH_COMMANDS = [README, CONTRIBUTING, CLIMB, UPGRADE, COMPANY, ADOPT]
"""The documents that show commands. A test runs all blocks of each: a block that is run by nothing
is one too many to unpack."""


def fences(text: str) -> list[tuple[str, str]]:
    """Return language and content of every fenced block."""
    return re.findall(r"(?ms)^ *```(\w*)\n(.*?)^ *```$", text)


def blocks(document: Path) -> list[str]:
    """Return every block of commands of a document."""
    return [content for language, content in fences(document.read_text()) if language == "sh"]


def bash(commands: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a block of commands as if it were pasted, and return what it printed."""
    done = support.run("bash", "-euo", "pipefail", "-c", commands, cwd=folder, env=environment)
    return done.stdout + done.stderr
