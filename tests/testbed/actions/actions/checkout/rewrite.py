"""Write the testbed's addresses for the official ones in a checkout; git sees no change.

`TESTBED_ADDRESSES` maps one to the other. Lock files say where packages come from and stay.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def main(tree: Path) -> None:
    """Rewrite the files that git keeps."""
    addresses = json.loads(os.environ["TESTBED_ADDRESSES"])
    git = ["git", "-C", str(tree)]
    listed = subprocess.check_output([*git, "ls-files", "-z"], text=True)
    for name in filter(None, listed.split("\0")):
        file = tree / name
        if file.is_symlink() or not file.is_file() or file.suffix == ".lock":
            continue
        before = after = file.read_bytes()
        for official, here in addresses.items():
            after = after.replace(official.encode(), here.encode())
        if after != before:
            file.write_bytes(after)
            subprocess.check_call([*git, "update-index", "--skip-worktree", "--", name])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
