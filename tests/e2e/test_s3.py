"""An S3 store as backing service: alone, beside Postgres, in the stack, and out of reach."""

from __future__ import annotations

import secrets
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest

from tests import support
from tests.conftest import Render
from tests.e2e.conftest import StartHost
from tests.e2e.operators import Operator, install_settings, set_up, wait_until
from tests.e2e.projects import (
    change,
    failed_tests,
    first_push,
    push_image,
    pytest_in,
    repository,
)
from tests.testbed import Engine, Run, http

PICTURES = "src/links/pictures.py"
S3 = ["s3"]
BOTH = ["postgres", "s3"]


@pytest.mark.parametrize(("services", "passed"), [(S3, 10), (BOTH, 17)], ids=["alone", "both"])
def test_integration_tests_use_a_real_store(
    project: Render, engine: Engine, services: list[str], passed: int
) -> None:
    made = project(6, backing_services=services)
    done = pytest_in(made, engine, "tests/integration", "-n2")
    assert done.returncode == 0, done.stdout
    assert f"{passed} passed" in done.stdout
    done = pytest_in(made, engine, "tests/unit", "tests/contract")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("old", "new", "red"),
    [
        (
            "Bucket=bucket(), Key=picture.name",
            'Bucket="pictures", Key=picture.name',
            {
                "test_a_picture_can_be_read_in_a_smaller_size",
                "test_anyone_can_read_a_picture_by_its_signed_url",
            },
        ),
        (
            "        store().head_bucket(Bucket=bucket)\n",
            "        store()\n",
            {
                "test_a_wrong_setting_is_reported[S3_BUCKET]",
                "test_a_wrong_setting_is_reported[AWS_SECRET_ACCESS_KEY]",
                "test_it_is_not_healthy_with_a_wrong_setting[S3_BUCKET]",
                "test_it_is_not_healthy_with_a_wrong_setting[AWS_SECRET_ACCESS_KEY]",
            },
        ),
    ],
    ids=["wrong-bucket", "never-asked"],
)
def test_integration_tests_find_a_bug_at_the_store(
    project: Render, engine: Engine, old: str, new: str, red: set[str]
) -> None:
    made = project(6, backing_services=S3)
    change(made / PICTURES, old, new)
    assert failed_tests(pytest_in(made, engine, "tests/integration")) == red


def test_integration_tests_fail_when_the_application_ignores_a_new_store(
    project: Render, engine: Engine
) -> None:
    made = project(6)
    support.climb(made, 7, backing_services=BOTH)
    done = pytest_in(made, engine, "tests/integration")
    assert failed_tests(done) == {
        "test_it_is_not_healthy_with_a_wrong_setting[S3_BUCKET]",
        "test_it_is_not_healthy_with_a_wrong_setting[AWS_SECRET_ACCESS_KEY]",
    }
    assert "/healthz must not answer 200 with a wrong S3_BUCKET" in done.stdout


def test_system_tests_with_store_and_database(project: Render, engine: Engine) -> None:
    made = project(7, backing_services=BOTH)
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 0, done.stdout


def test_stack_with_a_wrong_secret_does_not_start(project: Render, engine: Engine) -> None:
    made = project(7, backing_services=S3)
    change(
        made / "compose.yaml",
        "      AWS_SECRET_ACCESS_KEY: local-only\n    volumes:\n      - data",
        "      AWS_SECRET_ACCESS_KEY: wrong\n    volumes:\n      - data",
    )
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 1
    assert "The stack did not start" in done.stdout
    assert "503" in (made / "logs" / "app.log").read_text()


@pytest.fixture
def store(engine: Engine) -> Iterator[dict[str, str]]:
    """A managed store with a bucket, at an address that hosts reach."""
    name = f"managed-{secrets.token_hex(3)}"
    settings = {
        "S3_BUCKET": "pictures",
        "AWS_ACCESS_KEY_ID": "links",
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(8),
    }
    environment = [f"--env={key}={value}" for key, value in settings.items()]
    command = ["chrislusf/seaweedfs:4.48", "mini", "-dir=/data", "-s3.autoCreateBucket=false"]
    engine.docker("run", "--detach", f"--name={name}", *environment, *command)
    template = "{{.NetworkSettings.Networks.bridge.IPAddress}}"
    address = engine.docker("inspect", f"--format={template}", name).stdout.strip()
    probe = ["exec", name, "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz"]
    wait_until(lambda: engine.docker(*probe, check=False).returncode == 0, seconds=60)
    yield {"S3_ENDPOINT_URL": f"http://{address}:8333", **settings}
    engine.docker("rm", "--force", "--volumes", name)


def png(width: int, height: int) -> bytes:
    """Return a black picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" * (width + 1)) * height)
    end = chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + end


def test_release_with_wrong_store_settings_fails(
    project: Render,
    engine: Engine,
    registry_address: str,
    start_host: StartHost,
    store: dict[str, str],
) -> None:
    made = project(6, backing_services=S3)
    image = f"{registry_address}/acme/links-{secrets.token_hex(3)}"
    for version in ("1.0.0", "1.0.1"):
        push_image(engine, made, f"{image}:{version}", version)
    host = start_host("store")
    set_up(host, made)
    operator = Operator(made, host, {"DEPLOY_IMAGE": image})

    def configure(**instead: str) -> None:
        settings = {**store, **instead}
        install_settings(host, *(f"{key}={value}" for key, value in settings.items()))

    configure()
    operator.deploy("release", "1.0.0")
    data = png(400, 200)
    kept = http.post(f"{operator.url}/pictures", content=data)
    assert kept.status_code == 201, kept
    picture = f"{operator.url}/pictures/{kept.json()['name']}"

    def served() -> tuple[int, ...]:
        answer = http.get(f"{picture}?width=100")
        assert answer.status_code == 200, answer
        return struct.unpack(">II", answer.content[16:24])

    assert served() == (100, 50)
    address = http.get(picture).headers["location"]
    assert http.get(address).content == data, "the address of a picture works for everybody"

    for name in ("AWS_SECRET_ACCESS_KEY", "S3_BUCKET"):
        configure(**{name: "wrong"})
        output = operator.deploy("release", "1.0.1", code=1)
        assert "status 503" in output
        assert operator.version() == "1.0.0"
        assert served() == (100, 50)
    configure()
    operator.deploy("release", "1.0.1")
    assert operator.version() == "1.0.1"
    assert served() == (100, 50)


def test_first_push_with_a_store_is_green(
    project: Render, run_workflows: Callable[..., Run]
) -> None:
    made = project(7, backing_services=S3)
    run = run_workflows(made, "push", repository=repository())
    assert run.ok, str(run)
    assert run.results == first_push(7)
    assert "test_pictures.py" in run.jobs["integration / tests"].log
    assert "test_pictures.py" in run.jobs["system / tests"].log
