# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "fastapi>=0.118",
#     "uvicorn>=0.37",
# ]
# ///
"""Wines of a cellar."""

import csv
import os
from pathlib import Path

from fastapi import FastAPI

LABELS = Path(__file__).with_name("labels.csv")

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.get("/")
def index():
    with LABELS.open(newline="") as file:
        return [name for name, year in csv.reader(file)]


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
