"""Command line of the testbed: up, down, status, env, host, hosts."""

from __future__ import annotations

import argparse
import shutil
import sys
import time

from tests.testbed.engine import Engine
from tests.testbed.host import Host
from tests.testbed.registry import address
from tests.testbed.shell import TestbedError, state_dir
from tests.testbed.start import describe, up


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up", help="start engine and registry, pull or build the images")
    down = verbs.add_parser("down", help="remove every container and stop the engine")
    down.add_argument("--purge", action="store_true", help="remove tools and images as well")
    verbs.add_parser("status", help="show what runs and which images are stand-ins")
    verbs.add_parser("env", help="print the shell exports that point docker at the testbed")
    host = verbs.add_parser("host", help="boot a host and leave it running")
    host.add_argument("name", nargs="?", default="host")
    arguments = parser.parse_args(argv)
    try:
        return _act(arguments)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1


def _act(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    if arguments.verb == "up":
        engine = up()
        print(describe(engine))
        print(f"registry  {address()}")
        print(f"up in {time.monotonic() - began:.1f} s")
        return 0
    if arguments.verb == "host":
        started = Host.start(up(), arguments.name, keep=True)
        print(" ".join(started.ssh_command))
        print(f"{started.name} was ready in {started.start_seconds:.1f} s; `down` removes it")
        return 0
    found = Engine.current()
    if arguments.verb == "down":
        if found:
            found.stop()
        if arguments.purge:
            shutil.rmtree(state_dir())
        return 0
    if found is None:
        print("testbed: not running; run `python -m tests.testbed up`.", file=sys.stderr)
        return 1
    if arguments.verb == "status":
        print(describe(found))
        print("\n".join(found.docker("ps", "--format", "running   {{.Names}}").stdout.splitlines()))
    else:
        print(found.exports())
    return 0


if __name__ == "__main__":
    sys.exit(main())
