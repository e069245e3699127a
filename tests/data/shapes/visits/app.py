import os

from flask import Flask, render_template

from counter import count

app = Flask(__name__)


@app.route("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.route("/")
def index():
    return render_template("index.html", visits=count())


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", 8000)))
