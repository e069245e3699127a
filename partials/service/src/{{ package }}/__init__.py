"""{{ project_name }}: a link shortener.

Environment variables:

- PORT: the port to listen on (default: 8000)
- DATABASE_URL: the database (default: an SQLite file in the working directory)
- VERSION: the version that /healthz reports (default: dev)
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
{% if feature_flags %}
from openfeature import api
{% endif %}
from pydantic import BaseModel, HttpUrl
{% if feature_flags or s3 %}

from {{ package }} import {{ (["feature_flags"] * feature_flags + ["pictures"] * s3 + ["preview"] * feature_flags) | join(", ") }}
{% endif %}

SQLITE = "sqlite:///{{ package }}.db"

metadata = sa.MetaData()
links = sa.Table(
    "links",
    metadata,
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
)


class NewLink(BaseModel):
    """A request to shorten a URL."""

    url: HttpUrl


class Link(BaseModel):
    """A short code and its URL."""

    code: str
    url: str


class Health(BaseModel):
    """The status and the version of the service."""

    status: str
    version: str


def connect() -> sa.Engine:
    """Connect to the database that DATABASE_URL names."""
    url = sa.make_url(os.environ.get("DATABASE_URL") or SQLITE)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return sa.create_engine(url, pool_pre_ping=True)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep the database connection while the service runs."""
    engine = connect()
    metadata.create_all(engine)
    app.state.engine = engine
    yield
    engine.dispose()


app = FastAPI(title="{{ project_name }}", lifespan=lifespan)
{% if s3 %}
app.include_router(pictures.router)
{% endif %}
{% if feature_flags %}
app.include_router(preview.router)
api.set_provider_and_wait(feature_flags.FeatureFlags(os.environ))
{% endif %}


@app.get("/healthz")
def health(request: Request, response: Response) -> Health:
    """Report whether the service can answer requests."""
    engine: sa.Engine = request.app.state.engine
    version = os.environ.get("VERSION", "dev")
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(1))
    except sa.exc.OperationalError:
        response.status_code = 503
        return Health(status="database unreachable", version=version)
{% if s3 %}
    if not pictures.reachable():
        response.status_code = 503
        return Health(status="store unreachable", version=version)
{% endif %}
    return Health(status="ok", version=version)


@app.post("/links", status_code=201)
def shorten(link: NewLink, request: Request) -> Link:
    """Store a URL under a new code."""
    engine: sa.Engine = request.app.state.engine
    shortened = Link(code=secrets.token_urlsafe(6), url=str(link.url))
    with engine.begin() as connection:
        connection.execute(sa.insert(links).values(code=shortened.code, url=shortened.url))
    return shortened


@app.get("/{code}")
def follow(code: str, request: Request) -> RedirectResponse:
    """Redirect the client to the URL of a code."""
    engine: sa.Engine = request.app.state.engine
    with engine.connect() as connection:
        url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        raise HTTPException(404, f"No link has the code {code}.")
    return RedirectResponse(url)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
