# /// script
# requires-python = ">=3.12"
# dependencies = [
#     "starlette>=0.48",
#     "uvicorn>=0.37",
# ]
#
# [tool.uv]
# exclude-newer = "2026-10-01T00:00:00Z"
# ///
"""A quotation a day."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

QUOTES = Path(__file__).with_name("quotes.txt")


def today():
    return QUOTES.read_text().splitlines()[0]


async def index(request):
    return PlainTextResponse(today())


async def healthz(request):
    return JSONResponse({"status": "ok", "version": os.environ.get("VERSION", "dev")})


app = Starlette(routes=[Route("/", index), Route("/healthz", healthz)])

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
