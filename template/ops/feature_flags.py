"""The feature flags of an environment: a file on its host, which the application watches."""

from __future__ import annotations

import json
from typing import Any

from host import Host, RefusedError

STATES = {"on": True, "off": False}

# The file's hash, then the file.
READ = """
cd "/etc/$1/flags" 2> /dev/null || exit 0
[ ! -f flags.json ] || { sha256sum flags.json; cat flags.json; }
"""

# Moved into place, so that nobody reads half of it. Not under the lock of a release: a flag may
# have to be switched while one is under way.
WRITE = """
install -d -m 755 "/etc/$1/flags"
cd "/etc/$1/flags"
exec 9>> .lock
flock 9
[ "$(sha256sum flags.json 2> /dev/null)" = "$2" ] || { echo changed; exit; }
cat > flags.json.new
chmod 644 flags.json.new
mv flags.json.new flags.json
"""


class FeatureFlags:
    """The flags of the application of that name on a host."""

    def __init__(self, host: Host, slug: str) -> None:
        """Look at the host's file."""
        self._host = host
        self._slug = slug
        self._hash, _, self._text = host.run(READ, slug).partition("\n")

    def all(self) -> dict[str, Any]:
        """Return the flags that are set."""
        try:
            flags = json.loads(self._text or "{}")
        except ValueError:
            flags = None
        if not isinstance(flags, dict):
            where = f"/etc/{self._slug}/flags/flags.json on {self._host.address}"
            raise RefusedError(f"{where} is no JSON object: repair or remove it first.")
        return flags

    def switch(self, name: str, state: str) -> None:
        """Switch a flag on or off, or take it out of the file."""
        flags = self.all()
        flags.pop(name, None)
        if state in STATES:
            flags[name] = STATES[state]
        text = json.dumps(flags, indent=2, sort_keys=True) + "\n"
        if self._host.run(WRITE, self._slug, self._hash, stdin=text.encode()):
            raise RefusedError("Somebody else has just switched a flag: try again.")
