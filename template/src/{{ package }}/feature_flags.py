"""Feature flags: what the environment says, unless a file says otherwise meanwhile.

- FEATURE_FLAGS: a JSON object, such as {"preview": true}
- FEATURE_FLAGS_FILE: a file with such an object, which goes first and is read again when it changes

The application sets the provider once, and asks by OpenFeature wherever it wants to know, with
what holds while nobody has set the flag:

    api.set_provider_and_wait(FeatureFlags(os.environ))
    api.get_client().get_boolean_value("preview", False)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

Value = TypeVar("Value")
logger = logging.getLogger(__name__)


class FeatureFlags(AbstractProvider):
    """The flags that the environment and its file set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the flags.

        Raises:
            ValueError: FEATURE_FLAGS is no JSON object; a file that is none is only logged.
        """
        super().__init__()
        try:
            self._fixed = parsed(environment.get("FEATURE_FLAGS") or "{}")
        except ValueError as error:
            raise ValueError(f"FEATURE_FLAGS is no JSON object: {error}") from None
        self._file = environment.get("FEATURE_FLAGS_FILE")
        self._stamp: tuple[int, ...] | None = None
        self._written: dict[str, Any] = {}
        self._said: set[str] = set()
        self._current()

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata("environment and file")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """Return a flag that is on or off."""
        return self._resolve(flag_key, default_value, bool)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return a flag that is text."""
        return self._resolve(flag_key, default_value, str)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return a flag that is a whole number."""
        return self._resolve(flag_key, default_value, int)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        """Return a flag that is a number."""
        return self._resolve(flag_key, default_value, float)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Return a flag that is a list or an object."""
        return self._resolve(flag_key, default_value, list, dict)

    def _resolve(
        self, key: str, default: Value, *kinds: type[object]
    ) -> FlagResolutionDetails[Value]:
        """Return what a flag is set to; where it cannot be, the caller gets the default."""
        flags = self._current()
        if key not in flags:
            self._say_once(f"The feature flag {key} is not set: it is {default!r}.")
            raise FlagNotFoundError(f"{key} is not set")
        value = flags[key]
        if float in kinds and type(value) is int:
            value = float(value)
        if type(value) not in kinds:
            self._say_once(f"The feature flag {key} cannot be {value!r}: it is {default!r}.")
            raise TypeMismatchError(f"{key} is {value!r}")
        return FlagResolutionDetails(value, reason=Reason.STATIC)

    def _current(self) -> dict[str, Any]:
        """Return the flags that are set, after a look at the file."""
        stamp = stamp_of(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._written = parsed(Path(self._file).read_text()) if self._file and stamp else {}
            except (OSError, ValueError) as error:
                logger.error("The feature flags stay as they were: %s: %s", self._file, error)
        return self._fixed | self._written

    def _say_once(self, text: str) -> None:
        """Log what would otherwise be logged at every request."""
        if text not in self._said:
            self._said.add(text)
            logger.warning(text)


def parsed(text: str) -> dict[str, Any]:
    """Return the flags in a text.

    Raises:
        ValueError: it is no JSON object.
    """
    flags = json.loads(text)
    if not isinstance(flags, dict):
        raise ValueError(f"{text.strip()} is none")
    return flags


def stamp_of(file: str | None) -> tuple[int, ...] | None:
    """Return what tells one state of a file from another, nothing where there is no file."""
    try:
        found = Path(file).stat() if file else None
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else None
