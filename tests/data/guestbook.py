# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "psycopg[binary]>=3.2",
#     "starlette>=0.48",
#     "uvicorn",
# ]
# ///
"""A guestbook: what a user may put in the place of the sample application."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import wording

SCHEMA = "CREATE TABLE IF NOT EXISTS entries (entry TEXT NOT NULL)"


def read() -> list[str]:
    """Return every entry, oldest first."""
    if url := os.environ.get("DATABASE_URL"):
        with psycopg.connect(url.replace("+psycopg", "")) as remote:
            remote.execute(SCHEMA)
            return [row[0] for row in remote.execute("SELECT entry FROM entries")]
    with sqlite3.connect("guestbook.db") as local:
        local.execute(SCHEMA)
        return [row[0] for row in local.execute("SELECT entry FROM entries")]


def write(entry: str) -> None:
    """Keep an entry."""
    if url := os.environ.get("DATABASE_URL"):
        with psycopg.connect(url.replace("+psycopg", "")) as remote:
            remote.execute("INSERT INTO entries VALUES (%s)", [entry])
            return
    with sqlite3.connect("guestbook.db") as local:
        local.execute("INSERT INTO entries VALUES (?)", [entry])


async def health(request: Request) -> JSONResponse:
    """Tell which version can serve."""
    del request
    return JSONResponse({"version": os.environ.get("VERSION", "dev"), "entries": len(read())})


async def entries(request: Request) -> JSONResponse:
    """Take an entry, or show all."""
    if request.method == "POST":
        write(wording.polite((await request.json())["entry"]))
        return JSONResponse({}, status_code=201)
    return JSONResponse(read())


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Make sure at start that entries can be read."""
    del app
    read()
    yield


routes = [Route("/healthz", health), Route("/entries", entries, methods=["GET", "POST"])]
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
