"""A steady stream of requests while something is being deployed."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server said; redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass
class Traffic:
    """What came of a request loop.

    `failed` counts requests without an answer, `wrong` answers that are not the expected one,
    `longest_gap` the most seconds between two good answers; `troubles` shows the first fifty.
    """

    sent: int = 0
    failed: int = 0
    wrong: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    longest_gap: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.sent / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        return (
            f"{self.sent} requests in {self.seconds:.1f} s ({self.rate:.0f}/s): "
            f"{self.failed} failed, {self.wrong} wrong, longest gap {self.longest_gap:.2f} s"
        )


class RequestLoop:
    """Send `rate` requests a second to `url` until the `with` block ends; the outcome is `traffic`.

    At most `workers` requests are under way at once, each on a connection of its own, so a stalled
    server slows the loop down instead of being buried.
    """

    def __init__(
        self,
        url: str,
        *,
        right: Callable[[Answer], bool] = lambda answer: answer.status == 200,
        rate: float = 20,
        workers: int = 4,
        timeout: float = 5,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = urllib.parse.urlsplit(url)
        self.right = right
        self.pause = workers / rate
        self.workers = workers
        self.timeout = timeout
        self.headers = {"Connection": "close", **(headers or {})}
        self.traffic = Traffic()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._began = self._last_good = 0.0
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> RequestLoop:
        self._began = self._last_good = time.monotonic()
        for number in range(self.workers):
            thread = threading.Thread(target=self._work, args=(number,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> Traffic:
        """End the loop and return what came of it."""
        self._done.set()
        for thread in self._threads:
            thread.join()
        self._note_gap()
        self.traffic.seconds = time.monotonic() - self._began
        return self.traffic

    def _work(self, number: int) -> None:
        due = self._began + self.pause * number / self.workers
        while not self._done.wait(max(0.0, due - time.monotonic())):
            self._send()
            due = max(due + self.pause, time.monotonic())

    def _send(self) -> None:
        began = time.monotonic() - self._began
        answer: Answer | None = None
        trouble = ""
        try:
            answer = fetch(self.url, headers=self.headers, timeout=self.timeout)
            if not self.right(answer):
                trouble = f"{answer.status} {answer.body[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            trouble = f"{type(error).__name__}: {error}"
        except Exception as error:  # a predicate that stumbles over an odd answer
            trouble = f"{type(error).__name__} in the predicate: {error}"
        with self._lock:
            self.traffic.sent += 1
            if answer:
                self.traffic.statuses[answer.status] += 1
            if not trouble:
                self._note_gap()
                self._last_good = time.monotonic()
                return
            self.traffic.wrong += answer is not None
            self.traffic.failed += answer is None
            if len(self.traffic.troubles) < 50:
                self.traffic.troubles.append(f"{began:.2f} s: {trouble}")

    def _note_gap(self) -> None:
        gap = time.monotonic() - self._last_good
        self.traffic.longest_gap = max(self.traffic.longest_gap, gap)


def fetch(
    url: str | urllib.parse.SplitResult,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 5,
) -> Answer:
    """Send one request and read the answer whole."""
    split = urllib.parse.urlsplit(url) if isinstance(url, str) else url
    kind = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
    connection = kind(split.hostname or "", split.port, timeout=timeout)
    try:
        target = urllib.parse.urlunsplit(("", "", split.path or "/", split.query, ""))
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers.items()), response.read())
    finally:
        connection.close()
