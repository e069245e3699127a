"""The command."""

from importlib.resources import files

import click


@click.command()
@click.version_option("3.1.0")
@click.argument("name")
def run(name):
    """Greet somebody."""
    click.echo(text(name))


def text(name):
    return files("greet").joinpath("greeting.txt").read_text().strip().format(name)
