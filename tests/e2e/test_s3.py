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
from tests.e2e.deploying import Operator, set_up, wait_until
from tests.e2e.test_flags import push
from tests.e2e.test_levels_6_7 import change, failed, pytest_in
from tests.e2e.test_pipeline import expected
from tests.testbed import Engine, Run, fetch

CODE = "src/links/pictures.py"
S3 = ["s3"]
BOTH = ["postgres", "s3"]


@pytest.mark.parametrize(("services", "passed"), [(S3, 10), (BOTH, 17)], ids=["alone", "both"])
def test_the_integration_tests_use_a_real_store(
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
def test_a_bug_at_the_store_is_found(
    project: Render, engine: Engine, old: str, new: str, red: set[str]
) -> None:
    made = project(6, backing_services=S3)
    change(made / CODE, old, new)
    assert failed(pytest_in(made, engine, "tests/integration")) == red


def test_an_application_that_forgets_its_new_store_is_told(project: Render, engine: Engine) -> None:
    made = project(6)
    support.climb(made, 7, backing_services=BOTH)
    done = pytest_in(made, engine, "tests/integration")
    assert failed(done) == {
        "test_it_is_not_healthy_with_a_wrong_setting[S3_BUCKET]",
        "test_it_is_not_healthy_with_a_wrong_setting[AWS_SECRET_ACCESS_KEY]",
    }
    assert "/healthz must not answer 200 with a wrong S3_BUCKET" in done.stdout


def test_the_whole_stack_has_a_store_and_a_database(project: Render, engine: Engine) -> None:
    made = project(7, backing_services=BOTH)
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 0, done.stdout


def test_a_stack_with_a_wrong_secret_does_not_come_up(project: Render, engine: Engine) -> None:
    made = project(7, backing_services=S3)
    change(
        made / "compose.yaml",
        "      AWS_SECRET_ACCESS_KEY: for-this-machine-alone\n    volumes:\n      - data",
        "      AWS_SECRET_ACCESS_KEY: wrong\n    volumes:\n      - data",
    )
    done = pytest_in(made, engine, "tests/system")
    assert done.returncode == 1
    assert "The stack does not start" in done.stdout
    assert "503" in (made / "logs" / "app.log").read_text()


@pytest.fixture
def store(engine: Engine) -> Iterator[dict[str, str]]:
    """A store that somebody else runs, with a bucket, as servers reach it."""
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


def test_a_release_with_settings_that_do_not_fit_the_store_replaces_nothing(
    project: Render,
    engine: Engine,
    registry_address: str,
    start_host: StartHost,
    store: dict[str, str],
) -> None:
    made = project(6, backing_services=S3)
    image = f"{registry_address}/acme/links-{secrets.token_hex(3)}"
    for version in ("1.0.0", "1.0.1"):
        push(engine, made, f"{image}:{version}", version)
    host = start_host("store")
    set_up(host, made / "ops" / "README.md", "What to set up once")
    somebody = Operator(made, host, {"DEPLOY_IMAGE": image})

    def configure(**instead: str) -> None:
        lines = ["PORT=8000", *(f"{key}={value}" for key, value in {**store, **instead}.items())]
        host.run("sudo install -m 600 /dev/stdin /etc/links/app.env", stdin="\n".join(lines) + "\n")

    configure()
    somebody.deploy("release", "1.0.0")
    data = png(400, 200)
    kept = fetch(f"{somebody.url}/pictures", method="POST", body=data, timeout=20)
    assert kept.status == 201, kept
    picture = f"{somebody.url}/pictures/{kept.json()['name']}"

    def served() -> tuple[int, ...]:
        answer = fetch(f"{picture}?width=100", timeout=20)
        assert answer.status == 200, answer
        return struct.unpack(">II", answer.body[16:24])

    assert served() == (100, 50)
    answer = fetch(picture, timeout=20)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert fetch(headers["location"], timeout=20).body == data, "its address is good for anybody"

    for name in ("AWS_SECRET_ACCESS_KEY", "S3_BUCKET"):
        configure(**{name: "wrong"})
        said = somebody.deploy("release", "1.0.1", code=1)
        assert "status 503" in said
        assert somebody.version() == "1.0.0"
        assert served() == (100, 50)
    configure()
    somebody.deploy("release", "1.0.1")
    assert somebody.version() == "1.0.1"
    assert served() == (100, 50)


def test_the_first_push_with_a_store_is_green(
    project: Render, run_workflows: Callable[..., Run]
) -> None:
    made = project(7, backing_services=S3)
    run = run_workflows(made, "push", repository=f"acme/links-{secrets.token_hex(3)}")
    assert run.ok, str(run)
    assert run.results == expected(7)
    assert "test_pictures.py" in run.jobs["integration / tests"].log
    assert "test_pictures.py" in run.jobs["system / tests"].log
