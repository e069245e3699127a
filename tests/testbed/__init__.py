"""The testbed executes an emitted project for real on one machine."""

from tests.testbed.engine import Engine
from tests.testbed.forge import Call, ForgeRecorder
from tests.testbed.host import Host
from tests.testbed.index import PackageIndex, PackageIndexes, package_indexes
from tests.testbed.registry import digest_of, mirror, registry
from tests.testbed.repository import BareRepository
from tests.testbed.shell import TestbedError, ToolMissing, tool
from tests.testbed.start import up
from tests.testbed.traffic import RequestLoop, Traffic, http
from tests.testbed.workflows import Job, Run, Step, act

__all__ = [
    "BareRepository",
    "Call",
    "Engine",
    "ForgeRecorder",
    "Host",
    "Job",
    "PackageIndex",
    "PackageIndexes",
    "RequestLoop",
    "Run",
    "Step",
    "TestbedError",
    "ToolMissing",
    "Traffic",
    "act",
    "digest_of",
    "http",
    "mirror",
    "package_indexes",
    "registry",
    "tool",
    "up",
]
