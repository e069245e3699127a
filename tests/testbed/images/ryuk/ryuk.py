"""Removes the containers, networks and volumes of a test process that has gone.

A client connects, sends label filters, a line each, and gets ACK. Once no client is connected for
RYUK_RECONNECTION_TIMEOUT, whatever the filters match is removed and the reaper ends.
"""

import http.client
import json
import os
import re
import socket
import socketserver
import threading
import time
import urllib.parse
from typing import Any

SOCKET = "/var/run/docker.sock"


def seconds(text: str) -> float:
    """Read a duration such as 10s, 500ms or 1m."""
    match = re.fullmatch(r"(\d+)(ms|s|m)", text)
    if not match:
        raise SystemExit(f"not a duration: {text}")
    return int(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[match[2]]


class EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def call(method: str, path: str) -> tuple[int, Any]:
    """Call the engine; return the status and the decoded body."""
    connection = EngineConnection("docker")
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    is_json = body and response.headers.get_content_type() == "application/json"
    return response.status, json.loads(body) if is_json else body


class Reaper(socketserver.ThreadingTCPServer):
    """Collects filters and counts the clients."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 8080), Client)
        self.lock = threading.Lock()
        self.filters: set[str] = set()
        self.clients = 0
        self.last_seen = time.monotonic()
        self.ever_seen = False

    def prune(self) -> None:
        """Remove everything that any filter matches."""
        removed = {"container": 0, "network": 0, "volume": 0}
        for labels in self.filters:
            query = urllib.parse.quote(labels)
            for item in call("GET", f"/containers/json?all=1&filters={query}")[1]:
                status, _ = call("DELETE", f"/containers/{item['Id']}?force=1&v=1")
                removed["container"] += status < 300
            for item in call("GET", f"/networks?filters={query}")[1]:
                status, _ = call("DELETE", f"/networks/{item['Id']}")
                removed["network"] += status < 300
            for item in call("GET", f"/volumes?filters={query}")[1].get("Volumes") or []:
                status, _ = call("DELETE", f"/volumes/{item['Name']}?force=1")
                removed["volume"] += status < 300
        print("Removed " + ", ".join(f"{count} {kind}(s)" for kind, count in removed.items()))


class Client(socketserver.StreamRequestHandler):
    """One connection: lines of filters."""

    server: Reaper

    def handle(self) -> None:
        with self.server.lock:
            self.server.clients += 1
            self.server.ever_seen = True
        try:
            for line in self.rfile:
                query = urllib.parse.parse_qs(line.decode().strip())
                if query:
                    with self.server.lock:
                        self.server.filters.add(json.dumps(query, sort_keys=True))
                    self.wfile.write(b"ACK\n")
        finally:
            with self.server.lock:
                self.server.clients -= 1
                self.server.last_seen = time.monotonic()


def main() -> None:
    """Serve until the last client has been gone long enough, then prune."""
    reconnection = seconds(os.environ.get("RYUK_RECONNECTION_TIMEOUT", "10s"))
    first = seconds(os.environ.get("RYUK_CONNECTION_TIMEOUT", "60s"))
    reaper = Reaper()
    threading.Thread(target=reaper.serve_forever, daemon=True).start()
    stamp = time.strftime("%Y/%m/%d %H:%M:%S")
    print(f"{stamp} Docker daemon is available: {call('GET', '/_ping')[0]}")
    print(f"{stamp} Starting on port 8080...")
    print(f"{stamp} Started!")
    while True:
        time.sleep(0.2)
        patience = reconnection if reaper.ever_seen else first
        with reaper.lock:
            if not reaper.clients and time.monotonic() - reaper.last_seen > patience:
                break
    reaper.prune()


if __name__ == "__main__":
    main()
