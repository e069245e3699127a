import argparse
import csv
from pathlib import Path

from rich import print

from grains import __version__

SIZES = Path(__file__).with_name("sizes.csv")


def sizes():
    return {name: float(size) for name, size in csv.reader(SIZES.open())}


def main(argv=None):
    parser = argparse.ArgumentParser(description="Count grains.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.parse_args(argv)
    print(sizes())
    return 0
