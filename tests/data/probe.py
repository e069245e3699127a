"""Imports a module without its libraries and prints an expression: `probe.py MODULE EXPRESSION`.

A library that is not installed is replaced by a stand-in that accepts everything.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec

LIBRARIES = {"click", "django", "fastapi", "flask", "rich", "starlette", "tidy", "uvicorn"}


class Anything:
    """Whatever is asked of it: an attribute, a call, a decorator or a base class."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *given, **named):
        return given[0] if len(given) == 1 and not named and callable(given[0]) else self

    def __mro_entries__(self, bases):
        return ()


class StandIns:
    """Finds libraries, and makes modules of them."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in LIBRARIES:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__getattr__ = Anything().__getattr__


sys.meta_path.append(StandIns())
sys.path.pop(0)
print(eval(sys.argv[2], {"m": importlib.import_module(sys.argv[1])}))
