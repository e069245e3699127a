# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "sqlalchemy>=2.0",
# ]
# ///
{% include "partials/cli/src/{{ package }}/__init__.py" %}
