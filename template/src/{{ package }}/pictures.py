"""Pictures in an S3 store: `POST /pictures` stores one, `GET /pictures/NAME?width=` resizes it.

Environment variables:

- S3_BUCKET: the bucket; without it, the pictures are disabled
- S3_ENDPOINT_URL: the URL of the store (default: Amazon S3)
- AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: the credentials
- AWS_REGION: the region (default: us-east-1)
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

FORMATS = ("GIF", "JPEG", "PNG", "WEBP")
MAX_BYTES = 10_000_000
URL_LIFETIME = 300  # seconds
SETTINGS = ("S3_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")

router = APIRouter(prefix="/pictures")


class Picture(BaseModel):
    """A stored picture."""

    name: str


def reachable() -> bool:
    """Report whether the bucket can be reached, or pictures are disabled."""
    bucket = os.environ.get("S3_BUCKET")
    if not bucket:
        return True
    try:
        store().head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError):
        return False
    return True


@router.post("", status_code=201)
def upload(data: Annotated[bytes, Body(media_type="application/octet-stream")]) -> Picture:
    """Store a picture under a new name."""
    if len(data) > MAX_BYTES:
        raise HTTPException(413, f"A picture may have at most {MAX_BYTES} bytes.")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.load()
            mime_type = image.get_format_mimetype() or "application/octet-stream"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise HTTPException(422, "This is not a readable picture.") from None
    picture = Picture(name=secrets.token_urlsafe(9))
    store().put_object(Bucket=bucket(), Key=picture.name, Body=data, ContentType=mime_type)
    return picture


@router.get("/{name}", response_model=None)
def read(name: str, width: Annotated[int | None, Query(ge=1, le=4000)] = None) -> Response:
    """Redirect the client to the picture in the store, or return a smaller one."""
    try:
        if width is None:
            store().head_object(Bucket=bucket(), Key=name)
            return RedirectResponse(signed_url(name))
        found = store().get_object(Bucket=bucket(), Key=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise HTTPException(404, f"No picture has the name {name}.") from None
        raise
    return Response(resized(found["Body"].read(), width), media_type=found["ContentType"])


def signed_url(name: str) -> str:
    """Return a URL with which anyone can read a picture for a few minutes."""
    params = {"Bucket": bucket(), "Key": name}
    return store().generate_presigned_url("get_object", Params=params, ExpiresIn=URL_LIFETIME)


def resized(data: bytes, width: int) -> bytes:
    """Return a picture scaled down to a width, in its own format and proportions."""
    smaller = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(image)  # applies the rotation that cameras only record
        width = min(width, upright.width)
        height = max(1, round(upright.height * width / upright.width))
        upright.resize((width, height)).save(smaller, format=image.format)
    return smaller.getvalue()


def bucket() -> str:
    """Return the bucket that S3_BUCKET names."""
    name = os.environ.get("S3_BUCKET")
    if not name:
        raise HTTPException(503, "Pictures are disabled: S3_BUCKET is not set.")
    return name


def store() -> S3Client:
    """Return a client of the store that the environment names."""
    return connect(*map(os.environ.get, SETTINGS))


@lru_cache(maxsize=1)
def connect(
    endpoint: str | None, key: str | None, secret: str | None, region: str | None
) -> S3Client:
    """Return a client of a store; the last one is cached."""
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
