"""The whole bed at once: engine, images and registry."""

from __future__ import annotations

from tests.testbed import images
from tests.testbed.engine import Engine
from tests.testbed.registry import registry
from tests.testbed.shell import locked, state_dir


def up() -> Engine:
    """Bring up what is not up yet and return the engine; safe to call from several processes."""
    engine = Engine.start()
    with locked(state_dir() / "images.lock"):
        images.ensure(engine)
    registry(engine)
    return engine


def describe(engine: Engine) -> str:
    """Say which engine it is and, image by image, what is official and what a stand-in."""
    whose = "the bed's own" if engine.own else "already here"
    lines = [f"engine    {engine.docker_host or 'default'} ({whose})"]
    lines += [f"{kind:<9} {tag}" for tag, kind in images.states(engine).items()]
    return "\n".join(lines)
