"""Stand-in of actions/upload-artifact: copies into the run's own folder of artifacts."""

import glob
import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    """Copy what the patterns name; the folder that they share becomes the artifact's root."""
    target = Path(os.environ["TESTBED_ARTIFACTS"], os.environ["NAME"])
    if target.exists():
        if os.environ["OVERWRITE"] != "true":
            print(f"::error::an artifact with the name {target.name} exists already")
            return 1
        shutil.rmtree(target)
    hidden = os.environ["HIDDEN"] == "true"
    files: set[Path] = set()
    roots: list[Path] = []
    for pattern in filter(None, map(str.strip, os.environ["PATHS"].splitlines())):
        exclude = pattern.startswith("!")
        named = os.path.expanduser(pattern.lstrip("!"))
        matches = [Path(name).absolute() for name in glob.glob(named, recursive=True)]
        found = {file for match in matches for file in walk(match, hidden)}
        if exclude:
            files -= found
            continue
        files |= found
        fixed = Path(named).absolute()
        while any(sign in str(fixed) for sign in "*?["):
            fixed = fixed.parent
        roots.append(fixed.parent if fixed.is_file() else fixed)
    if not files:
        level = os.environ["NONE"]
        if level != "ignore":
            kind = "error" if level == "error" else "warning"
            print(f"::{kind}::No files were found with the provided path: {os.environ['PATHS']}")
        return int(level == "error")
    root = Path(os.path.commonpath(roots))
    for file in sorted(files):
        copy = target / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        print(copy.relative_to(target))
    with open(os.environ["GITHUB_OUTPUT"], "a") as output:
        output.write("artifact-id=1\n")
    return 0


def walk(path: Path, hidden: bool) -> list[Path]:
    """The files at or under a path, hidden ones only if wanted."""
    if path.is_file():
        return [path]
    inside = (file for file in path.rglob("*") if file.is_file())
    return [
        file
        for file in inside
        if hidden or not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]


if __name__ == "__main__":
    sys.exit(main())
