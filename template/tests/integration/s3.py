"""Fixtures for an S3 store. Each test gets its own bucket, so tests can run in parallel."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from testcontainers.core.container import DockerContainer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True)
class Bucket:
    """A bucket, and the environment variables that configure the application for it."""

    client: S3Client
    settings: dict[str, str]

    def objects(self) -> list[str]:
        """Return the keys of its objects."""
        listing = self.client.list_objects_v2(Bucket=self.settings["S3_BUCKET"])
        return [item["Key"] for item in listing.get("Contents", [])]


@pytest.fixture(scope="session")
def store() -> Iterator[dict[str, str]]:
    """The environment variables for the store that S3_ENDPOINT_URL names, or else a container."""
    names = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if os.environ.get(names[0]):
        yield {name: os.environ[name] for name in names}
        return
    credentials = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": uuid.uuid4().hex}
    container = DockerContainer("chrislusf/seaweedfs:4.48")
    container.with_command("mini -dir=/data -s3.autoCreateBucket=false -master.telemetry=false")
    container.with_exposed_ports(8333)
    for name, value in credentials.items():
        container.with_env(name, value)
    with container:
        host = f"{container.get_container_host_ip()}:{container.get_exposed_port(8333)}"
        settings = {"S3_ENDPOINT_URL": f"http://{host}", **credentials}
        wait_for_store(settings)
        yield settings


@pytest.fixture
def bucket(store: dict[str, str]) -> Iterator[Bucket]:
    """An empty bucket for one test."""
    name = f"test-{uuid.uuid4().hex}"
    client = connect(store)
    client.create_bucket(Bucket=name)
    bucket = Bucket(client, store | {"S3_BUCKET": name})
    yield bucket
    for key in bucket.objects():
        client.delete_object(Bucket=name, Key=key)
    client.delete_bucket(Bucket=name)


def connect(settings: dict[str, str]) -> S3Client:
    """Return a client of a store."""
    return boto3.client(
        "s3",
        endpoint_url=settings["S3_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name=os.environ.get("AWS_REGION", "us-east-1"),
        config=Config(s3={"addressing_style": "path"}),
    )


def wait_for_store(settings: dict[str, str]) -> None:
    """Wait until a store that has just started answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            connect(settings).list_buckets()
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
