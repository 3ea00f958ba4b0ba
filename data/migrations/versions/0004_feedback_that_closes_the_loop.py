"""Feedback with its slice, its effect and its end; meetings with attendance and follow-ups; who typed what; names of themes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

FEEDBACK = (
    ('sub_topic', sa.String(80), 'What within the topic, in a few words'),
    ('ports', sa.String(120), 'Ports mentioned: codes with commas'),
    ('chapters', sa.String(120), 'Tariff chapters mentioned: two digits each, with commas'),
    ('support_count', sa.BigInteger(), 'Other organisations that said they see it so too'),
    ('evidence', sa.String(400), 'Where what was done can be seen: document, page or address'),
    ('closed_date', sa.Date(), 'Settled; null while open'),
    ('effective_date', sa.Date(), 'Day from which what was done holds'),
    ('linked_center_code', sa.String(8), 'Center whose metric should move; null for all'),
    ('linked_work_type', sa.String(16), 'Work type whose metric should move; null for all'),
    ('satisfaction', sa.BigInteger(), 'Satisfaction with the answer, 1-5; null when not given'),
)
MEETING = (('agenda', sa.String(2000), 'Points of the agenda, one a line'),)
ATTENDANCE = (
    ('meeting_id', sa.String(16), True, 'Meeting'),
    ('organization_code', sa.String(16), True, 'Organisation, as an anonymous code'),
    ('segment', sa.String(14), False, 'Segment of the trade'),
    ('people_count', sa.BigInteger(), False, 'People it sent'),
)
FOLLOW_UP = (
    ('follow_up_id', sa.String(16), True, 'Follow-up'),
    ('meeting_id', sa.String(16), False, 'Meeting where it was promised'),
    ('feedback_id', sa.String(16), None, 'Feedback that it answers, if one'),
    ('task', sa.String(400), False, 'What is to be done'),
    ('owner', sa.String(200), None, 'Office that does it'),
    ('due_date', sa.Date(), None, 'Promised by'),
    ('done_date', sa.Date(), None, 'Done; null while open'),
)
WRITTEN, WROTE, REPLACED = 'Load that wrote the row', 'Load that wrote these values', 'Load that replaced them'


def _pair(name: str, columns: tuple[tuple[str, Any, bool | None, str], ...], words: str) -> None:
    """Make a table of the contracts and its history; a column is key (True), needed (False) or may be empty (None)."""
    for table in (name, f'{name}_history'):
        own = table == name
        made = [
            sa.Column(column, kind, autoincrement='auto' if not key else False, nullable=key is None, primary_key=bool(key), comment=comment if own else None)
            for column, kind, key, comment in columns
        ]
        if own:
            made.append(sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment=WRITTEN))
        else:
            made.append(sa.Column('load_id', sa.Integer(), nullable=False, comment=WROTE))
            made.append(sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, primary_key=True, comment=REPLACED))
        op.create_table(table, *made, comment=words if own else f'Replaced rows of the table {name}.')


def upgrade() -> None:
    for table, columns in (('feedback', FEEDBACK), ('meeting', MEETING)):
        for each in (table, f'{table}_history'):
            for name, kind, comment in columns:
                op.add_column(each, sa.Column(name, kind, nullable=True, comment=comment if each == table else None))
    _pair('attendance', ATTENDANCE, 'An organisation at a meeting of a working group.')
    _pair('follow_up', FOLLOW_UP, 'Something that was promised at a meeting.')
    op.create_table('edit',
    sa.Column('load_id', sa.Integer(), autoincrement=False, nullable=False, comment='Entry in the ledger of loads that wrote the row'),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('row_key', sa.Text(), nullable=False, comment='Key of the record; empty for a whole file'),
    sa.Column('action', sa.String(length=20), nullable=False, comment='create, edit, answer or import'),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('person', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False, comment='When, UTC'),
    sa.PrimaryKeyConstraint('load_id'),
    comment='Who typed or imported a record in the app.'
    )
    op.create_table('theme',
    sa.Column('theme_id', sa.String(length=36), nullable=False),
    sa.Column('words', sa.Text(), nullable=False, comment='Words of the theme when it was named, by weight'),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('person', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False, comment='When, UTC'),
    sa.PrimaryKeyConstraint('theme_id'),
    comment='Names that people gave to themes found in feedback; of one theme the last counts.'
    )


def downgrade() -> None:
    for table in ('theme', 'edit', 'follow_up_history', 'follow_up', 'attendance_history', 'attendance'):
        op.drop_table(table)
    for table, columns in (('meeting', MEETING), ('feedback', FEEDBACK)):
        for each in (f'{table}_history', table):
            for name, _, _ in reversed(columns):
                op.drop_column(each, name)
