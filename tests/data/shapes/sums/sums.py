#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "tidy @ git+https://github.com/acme/tidy@v1.2",
# ]
# ///
"""Add up the numbers of a file."""

import argparse
import os

import tidy


def total(lines):
    return sum(float(line) for line in lines if line.strip())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=os.environ.get("VERSION", "dev"))
    parser.add_argument("file", type=argparse.FileType())
    print(tidy.number(total(parser.parse_args(argv).file)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
