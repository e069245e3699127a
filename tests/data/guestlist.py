# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "psycopg[binary]>=3.2",
#     "rich>=14",
# ]
# ///
"""A guest list: what a user may put in the place of the sample program."""

import argparse
import os
import sqlite3

import psycopg
from rich import print

import wording

SCHEMA = "CREATE TABLE IF NOT EXISTS entries (entry TEXT NOT NULL)"


def write(entry: str) -> None:
    """Keep an entry."""
    if url := os.environ.get("DATABASE_URL"):
        with psycopg.connect(url.replace("+psycopg", "")) as remote:
            remote.execute(SCHEMA)
            remote.execute("INSERT INTO entries VALUES (%s)", [entry])
        return
    with sqlite3.connect("guestlist.db") as local:
        local.execute(SCHEMA)
        local.execute("INSERT INTO entries VALUES (?)", [entry])


def main(argv: list[str] | None = None) -> int:
    """Keep a guest and greet them."""
    parser = argparse.ArgumentParser(prog="links")
    version = os.environ.get("VERSION", "dev")
    parser.add_argument("--version", action="version", version=f"links {version}")
    parser.add_argument("guest")
    guest = wording.polite(parser.parse_args(argv).guest)
    write(guest)
    print(f"Welcome, {guest}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
