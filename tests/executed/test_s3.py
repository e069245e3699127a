"""An S3 store as backing service: alone, beside Postgres, in the stack, and out of reach."""

from __future__ import annotations

import pytest

from tests import support
from tests.conftest import Render
from tests.executed.test_levels_6_7 import change, failed, pytest_in
from tests.testbed import Engine

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
            "Bucket=bucket(), Key=kept.name",
            'Bucket="pictures", Key=kept.name',
            {
                "test_a_picture_is_read_back_resized",
                "test_the_address_of_a_picture_is_good_for_anybody",
            },
        ),
        (
            "        store().head_bucket(Bucket=bucket)\n",
            "        store()\n",
            {
                "test_a_store_that_does_not_let_it_in_is_told[S3_BUCKET]",
                "test_a_store_that_does_not_let_it_in_is_told[AWS_SECRET_ACCESS_KEY]",
                "test_it_does_not_serve_with_a_store_that_does_not_let_it_in[S3_BUCKET]",
                "test_it_does_not_serve_with_a_store_that_does_not_let_it_in[AWS_SECRET_ACCESS_KEY]",
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
        "test_it_does_not_serve_with_a_store_that_does_not_let_it_in[S3_BUCKET]",
        "test_it_does_not_serve_with_a_store_that_does_not_let_it_in[AWS_SECRET_ACCESS_KEY]",
    }
    assert "/healthz must not answer 200 with a wrong S3_BUCKET" in done.stdout


@pytest.mark.parametrize("services", [S3, BOTH], ids=["alone", "both"])
def test_the_whole_stack_has_a_store(project: Render, engine: Engine, services: list[str]) -> None:
    made = project(7, backing_services=services)
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
    assert "The stack does not come up" in done.stdout
    assert "503" in (made / "logs" / "app.log").read_text()
