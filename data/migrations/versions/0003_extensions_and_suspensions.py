"""What stops or moves the year after which an entry is deemed liquidated: extensions and suspensions."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

COLUMNS = (
    ('extension_count', sa.BigInteger(), 'Extensions of its liquidation (19 USC 1504(b)); null when the source does not say'),
    ('suspended_date', sa.Date(), 'Liquidation suspended from this day (19 USC 1504(d)); null when it never was'),
    ('suspension_lifted_date', sa.Date(), 'Notice that the suspension is lifted; null while it lasts'),
)


def upgrade() -> None:
    for table in ('entry', 'entry_history'):
        for name, kind, comment in COLUMNS:
            op.add_column(table, sa.Column(name, kind, nullable=True, comment=comment if table == 'entry' else None))


def downgrade() -> None:
    for table in ('entry_history', 'entry'):
        for name, _, _ in reversed(COLUMNS):
            op.drop_column(table, name)
