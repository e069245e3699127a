# /// script
# requires-python = ">=3.11"
# dependencies = ["fastapi>=0.118", "uvicorn>=0.37"]
# ///
"""Prices of the fleet."""

import os

import tariffs
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.get("/")
def index():
    return f"A day costs {tariffs.DAY}."


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
