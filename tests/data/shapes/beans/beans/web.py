import os

from fastapi import FastAPI

from . import stock

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.get("/")
def index():
    return stock.listed()
