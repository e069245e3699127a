"""{{ project_name }}: a link shortener on the command line.

Environment variables:

- DATABASE_URL: the database (default: an SQLite file in the home directory)
- VERSION: the version that --version prints (default: the installed version)
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
    """Connect to the database that DATABASE_URL names."""
    url = sa.make_url(os.environ.get("DATABASE_URL") or f"sqlite:///{Path.home() / '.links.db'}")
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return sa.create_engine(url)


def add(connection: sa.Connection, url: str) -> int:
    """Store a URL under a new code, and print the code."""
    # Hexadecimal, so that a code cannot start with a hyphen like an option.
    code = secrets.token_hex(4)
    connection.execute(sa.insert(links).values(code=code, url=url))
    print(code)
    return 0


def show(connection: sa.Connection, code: str) -> int:
    """Print the URL of a code."""
    url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        print(f"No link has the code {code}.", file=sys.stderr)
        return 1
    print(url)
    return 0


def list_all(connection: sa.Connection) -> int:
    """Print every code and its URL."""
    for code, url in connection.execute(sa.select(links).order_by(links.c.url)):
        print(f"{code}  {url}")
    return 0


def http_url(text: str) -> str:
    """Accept only HTTP URLs."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as https://example.com")
    return text


def own_version() -> str:
    """Return the version of this program."""
    try:
        return os.environ.get("VERSION") or version("{{ slug }}")
    except PackageNotFoundError:
        return "dev"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="{{ slug }}",
        description="Store links under short codes.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {own_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_command = commands.add_parser("add", help="store a URL and print its code")
    add_command.add_argument("url", type=http_url, metavar="URL")
    show_command = commands.add_parser("show", help="print the URL of a code")
    show_command.add_argument("code", metavar="CODE")
    commands.add_parser("list", help="print every code and its URL")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run a command; return 0 for success and 1 for failure."""
    arguments = build_parser().parse_args(argv)
    engine = connect()
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            match arguments.command:
                case "add":
                    return add(connection, arguments.url)
                case "show":
                    return show(connection, arguments.code)
                case _:
                    return list_all(connection)
    except sa.exc.OperationalError as error:
        print(f"Cannot reach the database: {error.orig}", file=sys.stderr)
        return 1
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
