"""What the store keeps about its own past: history, revisions, whole refused rows, full extracts and vanished records."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

#: What the store held before it kept revisions is written into the ledger as load 0, so that sums and tables agree.
MONTH = "substr(CAST({} AS VARCHAR(10)), 1, 7)"
CENTS = "SUM(CAST(round({} * 100) AS BIGINT))"
EARLIER = (
    f"SELECT 0, 'entry', {MONTH.format('entry_date')}, COUNT(*), 0, 0, {CENTS.format('value_usd')}, 0 FROM entry GROUP BY 3",
    f"SELECT 0, 'entry_line', {MONTH.format('e.entry_date')}, COUNT(*), 0, 0, {CENTS.format('l.value_usd')}, 0 "
    "FROM entry_line l JOIN entry e ON e.entry_number = l.entry_number GROUP BY 3",
    f"SELECT 0, 'review', {MONTH.format('opened_date')}, COUNT(*), 0, 0, 0, COUNT(closed_date) FROM review GROUP BY 3",
    f"SELECT 0, 'review_event', {MONTH.format('r.opened_date')}, COUNT(*), 0, 0, 0, 0 "
    "FROM review_event v JOIN review r ON r.review_id = v.review_id GROUP BY 3",
)
LATER = "EXISTS (SELECT 1 FROM load o WHERE o.sha256 = l.sha256 AND o.table_name = l.table_name AND o.load_id > l.load_id)"
REFUSED = (
    "INSERT INTO rejected_row (load_id, row_number, table_name, content, settled_how) "
    f"SELECT DISTINCT r.load_id, r.row_number, l.table_name, '{{}}', CASE WHEN {LATER} THEN 'refused_again' END "
    "FROM reject r JOIN load l ON l.load_id = r.load_id"
)
KEYS = "INSERT INTO account_key SELECT account_id, ROW_NUMBER() OVER (ORDER BY account_id) - 1 FROM account"


def upgrade() -> None:
    op.create_table('account_center_history',
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('status', sa.String(length=12), autoincrement=False, nullable=False),
    sa.Column('basis', sa.String(length=60), autoincrement=False, nullable=True),
    sa.Column('valid_to', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('participating_from', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('account_id', 'valid_from', 'replaced_by'),
    comment='Replaced rows of the table account_center.'
    )
    op.create_table('account_history',
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('account_name', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('size_band', sa.String(length=5), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('account_id', 'replaced_by'),
    comment='Replaced rows of the table account.'
    )
    op.create_table('account_key',
    sa.Column('account_id', sa.String(length=16), nullable=False),
    sa.Column('account_key', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('account_id'),
    sa.UniqueConstraint('account_key'),
    comment='A small number for each account that says nothing of it and never changes.'
    )
    op.create_table('center_history',
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('center_name', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('short_name', sa.String(length=40), autoincrement=False, nullable=False),
    sa.Column('management_office', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('industries', sa.String(length=400), autoincrement=False, nullable=True),
    sa.Column('opened_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('planned_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('valid_to', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('predecessor_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('contact_email', sa.String(length=200), autoincrement=False, nullable=True),
    sa.Column('contact_phone', sa.String(length=40), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('center_code', 'replaced_by'),
    comment='Replaced rows of the table center.'
    )
    op.create_table('entry_history',
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=False),
    sa.Column('entry_type_code', sa.String(length=2), autoincrement=False, nullable=False),
    sa.Column('filer_code', sa.String(length=3), autoincrement=False, nullable=False),
    sa.Column('importer_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False),
    sa.Column('mode_code', sa.String(length=2), autoincrement=False, nullable=True),
    sa.Column('entry_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('summary_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('program', sa.String(length=7), autoincrement=False, nullable=False),
    sa.Column('processed_by', sa.String(length=6), autoincrement=False, nullable=False),
    sa.Column('decision_by', sa.String(length=6), autoincrement=False, nullable=False),
    sa.Column('value_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('duty_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('fees_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('line_count', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('scheduled_liquidation_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('liquidation_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('liquidation_type', sa.String(length=9), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('entry_number', 'replaced_by'),
    comment='Replaced rows of the table entry.'
    )
    op.create_table('entry_line_history',
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=False),
    sa.Column('line_number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('hts_number', sa.String(length=10), autoincrement=False, nullable=False),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('origin_code', sa.String(length=2), autoincrement=False, nullable=False),
    sa.Column('value_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('duty_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('spi_code', sa.String(length=3), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('entry_number', 'line_number', 'replaced_by'),
    comment='Replaced rows of the table entry_line.'
    )
    op.create_table('feedback_history',
    sa.Column('feedback_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('meeting_id', sa.String(length=16), autoincrement=False, nullable=True),
    sa.Column('received_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('segment', sa.String(length=14), autoincrement=False, nullable=False),
    sa.Column('organization_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('topic', sa.String(length=15), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=14), autoincrement=False, nullable=False),
    sa.Column('statement', sa.String(length=2000), autoincrement=False, nullable=False),
    sa.Column('severity', sa.BigInteger(), autoincrement=False, nullable=True),
    sa.Column('position', sa.String(length=12), autoincrement=False, nullable=False),
    sa.Column('status', sa.String(length=18), autoincrement=False, nullable=False),
    sa.Column('owner', sa.String(length=200), autoincrement=False, nullable=True),
    sa.Column('target_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('responded_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('response', sa.String(length=2000), autoincrement=False, nullable=True),
    sa.Column('linked_metric_id', sa.String(length=60), autoincrement=False, nullable=True),
    sa.Column('is_public', sa.Boolean(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('feedback_id', 'replaced_by'),
    comment='Replaced rows of the table feedback.'
    )
    op.create_table('full_key',
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('row_key', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'table_name', 'row_key'),
    comment='The keys of the latest full extract of each source.'
    )
    op.create_table('hts_heading_history',
    sa.Column('heading', sa.String(length=4), autoincrement=False, nullable=False),
    sa.Column('chapter', sa.String(length=2), autoincrement=False, nullable=False),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('heading', 'replaced_by'),
    comment='Replaced rows of the table hts_heading.'
    )
    op.create_table('importer_history',
    sa.Column('importer_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('importer_number', sa.String(length=12), autoincrement=False, nullable=False),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('ctpat_tier', sa.BigInteger(), autoincrement=False, nullable=True),
    sa.Column('isa_member', sa.Boolean(), autoincrement=False, nullable=False),
    sa.Column('ctpat_since', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('isa_since', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('importer_id', 'replaced_by'),
    comment='Replaced rows of the table importer.'
    )
    op.create_table('industry_history',
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('industry_name', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('industry_code', 'replaced_by'),
    comment='Replaced rows of the table industry.'
    )
    op.create_table('inquiry_history',
    sa.Column('inquiry_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('received_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('answered_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('requester', sa.String(length=14), autoincrement=False, nullable=True),
    sa.Column('topic', sa.String(length=14), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=True),
    sa.Column('resolved_first_contact', sa.Boolean(), autoincrement=False, nullable=True),
    sa.Column('satisfaction', sa.BigInteger(), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('inquiry_id', 'replaced_by'),
    comment='Replaced rows of the table inquiry.'
    )
    op.create_table('meeting_history',
    sa.Column('meeting_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('meeting_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('title', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('location', sa.String(length=200), autoincrement=False, nullable=True),
    sa.Column('attendance_count', sa.BigInteger(), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('meeting_id', 'replaced_by'),
    comment='Replaced rows of the table meeting.'
    )
    op.create_table('news_history',
    sa.Column('news_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('published_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('title', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('summary', sa.String(length=1000), autoincrement=False, nullable=True),
    sa.Column('url', sa.String(length=400), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('news_id', 'replaced_by'),
    comment='Replaced rows of the table news.'
    )
    op.create_table('note_history',
    sa.Column('note_id', sa.String(length=36), autoincrement=False, nullable=False),
    sa.Column('filter', sa.String(length=2000), autoincrement=False, nullable=True),
    sa.Column('from_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('to_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('text', sa.String(length=2000), autoincrement=False, nullable=False),
    sa.Column('author', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('created_at', sa.DateTime(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('note_id', 'replaced_by'),
    comment='Replaced rows of the table note.'
    )
    op.create_table('port_history',
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False),
    sa.Column('port_name', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('state_code', sa.String(length=2), autoincrement=False, nullable=True),
    sa.Column('district_code', sa.String(length=2), autoincrement=False, nullable=False),
    sa.Column('field_office', sa.String(length=200), autoincrement=False, nullable=True),
    sa.Column('kind', sa.String(length=10), autoincrement=False, nullable=False),
    sa.Column('latitude', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('longitude', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('port_code', 'replaced_by'),
    comment='Replaced rows of the table port.'
    )
    op.create_table('rejected_row',
    sa.Column('load_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('row_number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('row_key', sa.Text(), nullable=True, comment='Key of the row as text; null when it has none'),
    sa.Column('content', sa.Text(), nullable=False, comment='The row as it came: JSON of heading and value'),
    sa.Column('settled_by', sa.Integer(), nullable=True, comment='Load that brought the row again; null while it waits or was dismissed'),
    sa.Column('settled_how', sa.String(length=20), nullable=True, comment='accepted, refused_again or dismissed; null while it waits'),
    sa.Column('settled_reason', sa.Text(), nullable=True, comment='Why it was dismissed, and by whom'),
    sa.PrimaryKeyConstraint('load_id', 'row_number'),
    comment='A refused row whole, and how it was settled.'
    )
    op.create_index(op.f('ix_rejected_row_row_key'), 'rejected_row', ['row_key'], unique=False)
    op.create_table('review_event_history',
    sa.Column('review_id', sa.String(length=20), autoincrement=False, nullable=False),
    sa.Column('event_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('event_type', sa.String(length=11), autoincrement=False, nullable=False),
    sa.Column('from_center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('to_center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('reason', sa.String(length=200), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('review_id', 'event_date', 'event_type', 'replaced_by'),
    comment='Replaced rows of the table review_event.'
    )
    op.create_table('review_history',
    sa.Column('review_id', sa.String(length=20), autoincrement=False, nullable=False),
    sa.Column('work_type', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=True),
    sa.Column('line_number', sa.BigInteger(), autoincrement=False, nullable=True),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False),
    sa.Column('program', sa.String(length=7), autoincrement=False, nullable=False),
    sa.Column('opened_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('due_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('due_basis', sa.String(length=21), autoincrement=False, nullable=True),
    sa.Column('closed_date', sa.Date(), autoincrement=False, nullable=True),
    sa.Column('status', sa.String(length=14), autoincrement=False, nullable=False),
    sa.Column('outcome', sa.String(length=17), autoincrement=False, nullable=True),
    sa.Column('source', sa.String(length=11), autoincrement=False, nullable=False),
    sa.Column('stratum', sa.String(length=24), autoincrement=False, nullable=True),
    sa.Column('severity', sa.String(length=5), autoincrement=False, nullable=True),
    sa.Column('finding_category', sa.String(length=15), autoincrement=False, nullable=True),
    sa.Column('revenue_change_usd', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('hours', sa.Float(), autoincrement=False, nullable=True),
    sa.Column('team', sa.String(length=20), autoincrement=False, nullable=True),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('review_id', 'replaced_by'),
    comment='Replaced rows of the table review.'
    )
    op.create_table('revision',
    sa.Column('load_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False, comment='Month of entry, or in which the review was opened'),
    sa.Column('added_count', sa.BigInteger(), nullable=False, comment='Rows that the month gained'),
    sa.Column('removed_count', sa.BigInteger(), nullable=False, comment='Rows that moved to another month'),
    sa.Column('replaced_count', sa.BigInteger(), nullable=False, comment='Rows that stayed in the month with other values'),
    sa.Column('value_cents', sa.BigInteger(), nullable=False, comment="Change of the month's value"),
    sa.Column('closed_count', sa.BigInteger(), nullable=False, comment="Change of the month's closed reviews"),
    sa.PrimaryKeyConstraint('load_id', 'table_name', 'month'),
    comment='What each load did to each month; the sums of a month are what the tables hold of it.'
    )
    op.create_table('sample_stratum_history',
    sa.Column('stratum', sa.String(length=24), autoincrement=False, nullable=False),
    sa.Column('period', sa.String(length=7), autoincrement=False, nullable=False),
    sa.Column('universe_lines', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sampled_lines', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('universe_value_usd', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('stratum', 'period', 'replaced_by'),
    comment='Replaced rows of the table sample_stratum.'
    )
    op.create_table('staff_history',
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('position_type', sa.String(length=26), autoincrement=False, nullable=False),
    sa.Column('month', sa.String(length=7), autoincrement=False, nullable=False),
    sa.Column('on_board', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('floor', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('center_code', 'position_type', 'month', 'replaced_by'),
    comment='Replaced rows of the table staff.'
    )
    op.create_table('target_history',
    sa.Column('metric_id', sa.String(length=60), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('target_value', sa.Float(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('metric_id', 'center_code', 'valid_from', 'replaced_by'),
    comment='Replaced rows of the table target.'
    )
    op.create_table('vanished',
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('row_key', sa.Text(), nullable=False),
    sa.Column('missed_load_id', sa.Integer(), autoincrement=False, nullable=False, comment='Full extract that no longer has the key'),
    sa.Column('seen_load_id', sa.Integer(), nullable=False, comment='Full extract that had it last'),
    sa.Column('back_load_id', sa.Integer(), nullable=True, comment='Load that brought it back, or closed it; null while it is missing'),
    sa.PrimaryKeyConstraint('source', 'table_name', 'row_key', 'missed_load_id'),
    comment='Records that were in a full extract and are missing in the next, with nothing that closed them.'
    )
    op.create_table('working_group_history',
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('group_name', sa.String(length=200), autoincrement=False, nullable=False),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False),
    sa.Column('established_date', sa.Date(), autoincrement=False, nullable=False),
    sa.Column('load_id', sa.Integer(), nullable=False, comment='Load that wrote these values'),
    sa.Column('replaced_by', sa.Integer(), autoincrement=False, nullable=False, comment='Load that replaced them'),
    sa.PrimaryKeyConstraint('group_code', 'replaced_by'),
    comment='Replaced rows of the table working_group.'
    )
    op.add_column('account', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('account_center', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('center', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('entry', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.create_index('ix_entry_entry_date', 'entry', ['entry_date'], unique=False)
    op.add_column('entry_line', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('feedback', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('hts_heading', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('importer', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('industry', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('inquiry', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('load', sa.Column('source', sa.String(length=60), server_default='default', nullable=False))
    op.add_column('load', sa.Column('extract_date', sa.Date(), nullable=True))
    op.add_column('load', sa.Column('is_full', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('load', sa.Column('added_count', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('load', sa.Column('replaced_count', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('load', sa.Column('vanished_count', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('meeting', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('news', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('note', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('port', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('review', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.create_index('ix_review_opened_date', 'review', ['opened_date'], unique=False)
    op.add_column('review_event', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('sample_stratum', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('staff', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('target', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    op.add_column('working_group', sa.Column('load_id', sa.Integer(), server_default='0', nullable=False, comment='Load that wrote the row'))
    for query in EARLIER:
        op.execute(f"INSERT INTO revision {query}")
    op.execute(REFUSED)
    op.execute(KEYS)


def downgrade() -> None:
    op.drop_column('working_group', 'load_id')
    op.drop_column('target', 'load_id')
    op.drop_column('staff', 'load_id')
    op.drop_column('sample_stratum', 'load_id')
    op.drop_column('review_event', 'load_id')
    op.drop_index('ix_review_opened_date', table_name='review')
    op.drop_column('review', 'load_id')
    op.drop_column('port', 'load_id')
    op.drop_column('note', 'load_id')
    op.drop_column('news', 'load_id')
    op.drop_column('meeting', 'load_id')
    op.drop_column('load', 'vanished_count')
    op.drop_column('load', 'replaced_count')
    op.drop_column('load', 'added_count')
    op.drop_column('load', 'is_full')
    op.drop_column('load', 'extract_date')
    op.drop_column('load', 'source')
    op.drop_column('inquiry', 'load_id')
    op.drop_column('industry', 'load_id')
    op.drop_column('importer', 'load_id')
    op.drop_column('hts_heading', 'load_id')
    op.drop_column('feedback', 'load_id')
    op.drop_column('entry_line', 'load_id')
    op.drop_index('ix_entry_entry_date', table_name='entry')
    op.drop_column('entry', 'load_id')
    op.drop_column('center', 'load_id')
    op.drop_column('account_center', 'load_id')
    op.drop_column('account', 'load_id')
    op.drop_table('working_group_history')
    op.drop_table('vanished')
    op.drop_table('target_history')
    op.drop_table('staff_history')
    op.drop_table('sample_stratum_history')
    op.drop_table('revision')
    op.drop_table('review_history')
    op.drop_table('review_event_history')
    op.drop_index(op.f('ix_rejected_row_row_key'), table_name='rejected_row')
    op.drop_table('rejected_row')
    op.drop_table('port_history')
    op.drop_table('note_history')
    op.drop_table('news_history')
    op.drop_table('meeting_history')
    op.drop_table('inquiry_history')
    op.drop_table('industry_history')
    op.drop_table('importer_history')
    op.drop_table('hts_heading_history')
    op.drop_table('full_key')
    op.drop_table('feedback_history')
    op.drop_table('entry_line_history')
    op.drop_table('entry_history')
    op.drop_table('center_history')
    op.drop_table('account_key')
    op.drop_table('account_history')
    op.drop_table('account_center_history')
