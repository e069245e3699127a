"""The test bed: what it takes to execute an emitted project for real on one machine."""

from tests.testbed.bed import up
from tests.testbed.engine import Engine
from tests.testbed.forge import Call, ForgeRecorder
from tests.testbed.host import Host
from tests.testbed.index import PackageIndex, PackageIndexes, package_indexes
from tests.testbed.registry import digest_of, mirror, registry
from tests.testbed.repository import BareRepository
from tests.testbed.shell import BedError, ToolMissing, tool
from tests.testbed.traffic import Answer, RequestLoop, Traffic, fetch
from tests.testbed.workflows import Job, Run, Step, act

__all__ = [
    "Answer",
    "BareRepository",
    "BedError",
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
    "ToolMissing",
    "Traffic",
    "act",
    "digest_of",
    "fetch",
    "mirror",
    "package_indexes",
    "registry",
    "tool",
    "up",
]
