"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}\

revision: str = ${repr(up_revision).replace("'", '"')}
down_revision: str | None = ${repr(down_revision).replace("'", '"')}
branch_labels: str | None = ${repr(branch_labels).replace("'", '"')}
depends_on: str | None = ${repr(depends_on).replace("'", '"')}


def upgrade() -> None:
    """Add to the schema, and keep what the previous version uses."""
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    """Remove what `upgrade` added."""
    ${downgrades if downgrades else "raise NotImplementedError"}
