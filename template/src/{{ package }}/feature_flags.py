"""Feature flags from the environment, an OpenFeature provider.

Environment variables:

- FEATURE_FLAGS: a JSON object, for example {"preview": true}
- FEATURE_FLAGS_FILE: a file with such an object. It overrides FEATURE_FLAGS and is read again when
  it changes.

The application sets the provider once. It then asks OpenFeature for a flag, with the value to use
if the flag is not set:

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
    """The flags that are set in the environment and the file."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the flags.

        Raises:
            ValueError: FEATURE_FLAGS is not a JSON object. An invalid file is only logged.
        """
        super().__init__()
        try:
            self._initial = parsed(environment.get("FEATURE_FLAGS") or "{}")
        except ValueError as error:
            raise ValueError(f"FEATURE_FLAGS is not a JSON object: {error}") from None
        self._file = environment.get("FEATURE_FLAGS_FILE")
        self._stamp: tuple[int, ...] | None = None
        self._in_file: dict[str, Any] = {}
        self._logged: set[str] = set()
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
        """Return a Boolean flag."""
        return self._resolve(flag_key, default_value, bool)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Return a string flag."""
        return self._resolve(flag_key, default_value, str)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Return an integer flag."""
        return self._resolve(flag_key, default_value, int)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        """Return a float flag."""
        return self._resolve(flag_key, default_value, float)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Return a list or object flag."""
        return self._resolve(flag_key, default_value, list, dict)

    def _resolve(
        self, key: str, default: Value, *types: type[object]
    ) -> FlagResolutionDetails[Value]:
        """Return the value of a flag. OpenFeature turns each error into the default."""
        flags = self._current()
        if key not in flags:
            self._warn_once(f"Feature flag {key} is not set; using {default!r}.")
            raise FlagNotFoundError(f"{key} is not set")
        value = flags[key]
        if float in types and type(value) is int:
            value = float(value)
        if type(value) not in types:
            self._warn_once(f"Feature flag {key} has the wrong type: {value!r}; using {default!r}.")
            raise TypeMismatchError(f"{key} is {value!r}")
        return FlagResolutionDetails(value, reason=Reason.STATIC)

    def _current(self) -> dict[str, Any]:
        """Return the flags, after reading the file if it changed."""
        stamp = stamp_of(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._in_file = parsed(Path(self._file).read_text()) if self._file and stamp else {}
            except (OSError, ValueError) as error:
                logger.error("Feature flags are unchanged, cannot read %s: %s", self._file, error)
        return self._initial | self._in_file

    def _warn_once(self, text: str) -> None:
        """Log a warning once instead of at every request."""
        if text not in self._logged:
            self._logged.add(text)
            logger.warning(text)


def parsed(text: str) -> dict[str, Any]:
    """Return the flags in a JSON text.

    Raises:
        ValueError: it is not a JSON object.
    """
    flags = json.loads(text)
    if not isinstance(flags, dict):
        raise ValueError(f"got {text.strip()}")
    return flags


def stamp_of(file: str | None) -> tuple[int, ...] | None:
    """Return a value that changes when the file changes; None if there is no file."""
    try:
        status = Path(file).stat() if file else None
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status else None
