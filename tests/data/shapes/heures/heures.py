# -*- coding: latin-1 -*-
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Durée d'un après-midi de travail."""

import argparse
import os


def durée(début, fin):
    return f"durée: {fin - début} h"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", action="version", version=os.environ.get("VERSION", "dev"))
    parser.add_argument("début", type=int)
    parser.add_argument("fin", type=int)
    given = parser.parse_args(argv)
    print(durée(given.début, given.fin))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
