# /// script
# requires-python = ">=3.11"
# dependencies = ["starlette>=0.48", "uvicorn>=0.37"]
# ///
"""High and low water."""

import os

from harbour import names
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


async def index(request):
    return PlainTextResponse(" ".join(names.ALL))


async def healthz(request):
    return JSONResponse({"status": "ok", "version": os.environ.get("VERSION", "dev")})


app = Starlette(routes=[Route("/", index), Route("/healthz", healthz)])

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
