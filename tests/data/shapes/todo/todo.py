"""Remember what is to be done, in a file of one's own."""

import argparse
import json
import os
from pathlib import Path


def read(file):
    return json.loads(file.read_text()) if file.exists() else []


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=os.environ.get("VERSION", "dev"))
    parser.add_argument("--file", type=Path, default=Path("todo.json"))
    parser.add_argument("words", nargs="*")
    given = parser.parse_args(argv)
    todo = read(given.file)
    if given.words:
        given.file.write_text(json.dumps([*todo, " ".join(given.words)]))
    print(*todo, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
