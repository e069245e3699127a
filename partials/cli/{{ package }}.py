{% if not packaging %}
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "sqlalchemy>=2.0",
# ]
# ///
{% endif %}
"""{{ project_name }}: a link shortener on the command line.

Configured by the environment:

- DATABASE_URL: where the links are kept (an SQLite file in the home folder)
- VERSION: what --version says (the version that is installed)
"""

import argparse
import os
import secrets
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

metadata = sa.MetaData()
links = sa.Table(
    "links",
    metadata,
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
)


def connect() -> sa.Engine:
    """Open the database that the environment names."""
    url = sa.make_url(os.environ.get("DATABASE_URL") or f"sqlite:///{Path.home() / '.links.db'}")
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return sa.create_engine(url)


def add(connection: sa.Connection, url: str) -> int:
    """Keep an address under a new code, and print the code."""
    # A code must not look like an option.
    code = secrets.token_hex(4)
    connection.execute(sa.insert(links).values(code=code, url=url))
    print(code)
    return 0


def show(connection: sa.Connection, code: str) -> int:
    """Print the address behind a code."""
    url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        print(f"No link has the code {code}.", file=sys.stderr)
        return 1
    print(url)
    return 0


def list_all(connection: sa.Connection) -> int:
    """Print every code with its address."""
    for code, url in connection.execute(sa.select(links).order_by(links.c.url)):
        print(f"{code}  {url}")
    return 0


def http_url(text: str) -> str:
    """Accept what is an address on the web."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as https://example.com")
    return text


def own_version() -> str:
    """Return the version of this program."""
    try:
        return os.environ.get("VERSION") or version("{{ slug }}")
    except PackageNotFoundError:
        return "dev"


def parser() -> argparse.ArgumentParser:
    """Say what can be asked for."""
    made = argparse.ArgumentParser(prog="{{ slug }}", description="Keep links under short codes.")
    made.add_argument("--version", action="version", version=f"%(prog)s {own_version()}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    adding = commands.add_parser("add", help="keep an address and print its code")
    adding.add_argument("url", type=http_url, metavar="URL")
    showing = commands.add_parser("show", help="print the address behind a code")
    showing.add_argument("code", metavar="CODE")
    commands.add_parser("list", help="print every code with its address")
    return made


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; 1 means that it could not be done."""
    given = parser().parse_args(argv)
    engine = connect()
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            match given.command:
                case "add":
                    return add(connection, given.url)
                case "show":
                    return show(connection, given.code)
                case _:
                    return list_all(connection)
    except sa.exc.OperationalError as error:
        print(f"The links cannot be reached: {error.orig}", file=sys.stderr)
        return 1
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
