"""What users do with pictures, through the proxy."""

from __future__ import annotations

import io

import httpx2
from PIL import Image


def test_a_picture_can_be_read_in_a_smaller_size(client: httpx2.Client) -> None:
    data = io.BytesIO()
    Image.new("RGB", (400, 200), "red").save(data, "PNG")
    made = client.post("/pictures", content=data.getvalue())
    assert made.status_code == 201, made.text
    answer = client.get(f"/pictures/{made.json()['name']}", params={"width": 100})
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (100, 50)
