"""Pictures in an S3 store: `POST /pictures` keeps one, `GET /pictures/NAME?width=` resizes it.

Configured by the environment:

- S3_BUCKET: where the pictures are kept; without it there are none
- S3_ENDPOINT_URL: the store's address (Amazon's)
- AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: who asks
- AWS_REGION: where the store is (us-east-1)
"""

from __future__ import annotations

import io
import os
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Body, HTTPException, Query, Response
from fastapi.responses import RedirectResponse
from PIL import Image, ImageOps
from pydantic import BaseModel

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

KINDS = ("GIF", "JPEG", "PNG", "WEBP")
LARGEST = 10_000_000  # bytes
LIFETIME = 300  # seconds that the address of a picture is good for
SETTINGS = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")

router = APIRouter(prefix="/pictures")


class Picture(BaseModel):
    """A picture that was kept."""

    name: str


def reachable() -> bool:
    """Tell whether the pictures can be reached; where none are kept, there is nothing to reach."""
    bucket = os.environ.get("S3_BUCKET")
    if not bucket:
        return True
    try:
        store().head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError):
        return False
    return True


@router.post("", status_code=201)
def keep(data: Annotated[bytes, Body(media_type="application/octet-stream")]) -> Picture:
    """Keep a picture under a new name."""
    if len(data) > LARGEST:
        raise HTTPException(413, f"A picture may have {LARGEST} bytes.")
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as image:
            image.load()
            kind = image.get_format_mimetype() or "application/octet-stream"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise HTTPException(422, "This is no picture that can be read.") from None
    kept = Picture(name=secrets.token_urlsafe(9))
    store().put_object(Bucket=bucket(), Key=kept.name, Body=data, ContentType=kind)
    return kept


@router.get("/{name}", response_model=None)
def read(name: str, width: Annotated[int | None, Query(ge=1, le=4000)] = None) -> Response:
    """Send the client to the picture in the store, or give it a smaller one."""
    try:
        if width is None:
            store().head_object(Bucket=bucket(), Key=name)
            return RedirectResponse(address(name))
        found = store().get_object(Bucket=bucket(), Key=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise HTTPException(404, f"No picture has the name {name}.") from None
        raise
    return Response(resized(found["Body"].read(), width), media_type=found["ContentType"])


def address(name: str) -> str:
    """Return an address where anybody may read a picture for a while."""
    wanted = {"Bucket": bucket(), "Key": name}
    return store().generate_presigned_url("get_object", Params=wanted, ExpiresIn=LIFETIME)


def resized(data: bytes, width: int) -> bytes:
    """Return a picture at most that many pixels wide, in its own format and proportions."""
    smaller = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=KINDS) as image:
        upright = ImageOps.exif_transpose(image)  # cameras only note how they were held
        width = min(width, upright.width)
        height = max(1, round(upright.height * width / upright.width))
        upright.resize((width, height)).save(smaller, format=image.format)
    return smaller.getvalue()


def bucket() -> str:
    """Return the bucket that the environment names."""
    name = os.environ.get("S3_BUCKET")
    if not name:
        raise HTTPException(503, "No pictures are kept here: S3_BUCKET is not set.")
    return name


def store() -> S3Client:
    """Return a client of the store that the environment names."""
    return connected(*map(os.environ.get, SETTINGS))


@lru_cache(maxsize=1)
def connected(
    endpoint: str | None, key: str | None, secret: str | None, region: str | None
) -> S3Client:
    """Return a client of a store, made once."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=region or "us-east-1",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 2},
        ),
    )
