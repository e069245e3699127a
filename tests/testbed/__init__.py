"""The test bed: what it takes to execute an emitted project for real on one machine."""

from tests.testbed.bed import up
from tests.testbed.engine import Engine
from tests.testbed.host import Host
from tests.testbed.registry import registry
from tests.testbed.shell import BedError, ToolMissing

__all__ = ["BedError", "Engine", "Host", "ToolMissing", "registry", "up"]
