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
    """Add; what the version before uses must stay."""
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    """Take away what `upgrade` added."""
    ${downgrades if downgrades else "raise NotImplementedError"}
