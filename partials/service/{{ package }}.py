# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "fastapi>=0.118",
#     "sqlalchemy>=2.0",
#     "uvicorn>=0.37",
# ]
# ///
{% include "partials/service/src/{{ package }}/__init__.py" %}
