"""A steady stream of requests while something is being deployed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

NEW_CONNECTION = httpx.Limits(max_keepalive_connections=0)


def http_client(timeout: float) -> httpx.Client:
    """Return a client that opens a connection for each request and uses no proxy."""
    headers = {"Connection": "close"}
    return httpx.Client(headers=headers, limits=NEW_CONNECTION, timeout=timeout, trust_env=False)


http = http_client(timeout=20)


@dataclass
class Traffic:
    """What became of a request loop.

    `failed` counts requests without an answer, `wrong` answers that are not the expected one,
    `longest_gap` the most seconds between two good answers; `problems` shows the first fifty.
    """

    sent: int = 0
    failed: int = 0
    wrong: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
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
    """Send `rate` requests a second to `url` until the `with` block ends; see `traffic` then.

    At most `workers` requests are under way at once, each on a connection of its own, so a stalled
    server slows the loop down instead of being buried.
    """

    def __init__(
        self,
        url: str,
        *,
        right: Callable[[httpx.Response], bool] = lambda answer: answer.status_code == 200,
        rate: float = 20,
        workers: int = 4,
        timeout: float = 5,
    ) -> None:
        self.url = url
        self.right = right
        self.pause = workers / rate
        self.workers = workers
        self.traffic = Traffic()
        self._client = http_client(timeout)
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

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._note_gap()
        self.traffic.seconds = time.monotonic() - self._began

    def _work(self, number: int) -> None:
        due = self._began + self.pause * number / self.workers
        while not self._done.wait(max(0.0, due - time.monotonic())):
            self._send()
            due = max(due + self.pause, time.monotonic())

    def _send(self) -> None:
        began = time.monotonic() - self._began
        answer: httpx.Response | None = None
        problem = ""
        try:
            answer = self._client.get(self.url)
            if not self.right(answer):
                problem = f"{answer.status_code} {answer.content[:200]!r}"
        except httpx.TransportError as error:
            problem = f"{type(error).__name__}: {error}"
        except Exception as error:  # the predicate did not expect such an answer
            problem = f"{type(error).__name__} in the predicate: {error}"
        with self._lock:
            self.traffic.sent += 1
            if answer is not None:
                self.traffic.statuses[answer.status_code] += 1
            if not problem:
                self._note_gap()
                self._last_good = time.monotonic()
                return
            self.traffic.wrong += answer is not None
            self.traffic.failed += answer is None
            if len(self.traffic.problems) < 50:
                self.traffic.problems.append(f"{began:.2f} s: {problem}")

    def _note_gap(self) -> None:
        gap = time.monotonic() - self._last_good
        self.traffic.longest_gap = max(self.traffic.longest_gap, gap)
