"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Account'),
    sa.Column('account_name', sa.String(length=200), autoincrement=False, nullable=False, comment='Name; shown only to those whose role reaches it'),
    sa.Column('size_band', sa.String(length=5), autoincrement=False, nullable=True, comment='Size by yearly import value'),
    sa.PrimaryKeyConstraint('account_id'),
    comment='A corporate importer; holds one or more importer numbers.'
    )
    op.create_table('account_center',
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Account'),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False, comment='First day of this assignment'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Center; null while not assigned'),
    sa.Column('status', sa.String(length=12), autoincrement=False, nullable=False, comment='State of the assignment'),
    sa.Column('basis', sa.String(length=60), autoincrement=False, nullable=True, comment='What the assignment rests on'),
    sa.Column('valid_to', sa.Date(), autoincrement=False, nullable=True, comment='Last day of this assignment; null while in force'),
    sa.Column('participating_from', sa.Date(), autoincrement=False, nullable=True, comment='First entry date that the Center processes; null while not participating'),
    sa.PrimaryKeyConstraint('account_id', 'valid_from'),
    comment='The Center that an account is assigned to, effective-dated.'
    )
    op.create_table('audit_event',
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('person', sa.String(length=200), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('event_id'),
    comment='Every sign-in, export and edit.'
    )
    op.create_table('center',
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Short code of the Center'),
    sa.Column('center_name', sa.String(length=200), autoincrement=False, nullable=False, comment='Full name'),
    sa.Column('short_name', sa.String(length=40), autoincrement=False, nullable=False, comment='Name that fits a chart label'),
    sa.Column('management_office', sa.String(length=200), autoincrement=False, nullable=False, comment='City of the management office; never a place of entry'),
    sa.Column('industries', sa.String(length=400), autoincrement=False, nullable=True, comment='What the Center covers, in words'),
    sa.Column('opened_date', sa.Date(), autoincrement=False, nullable=True, comment='First day of operation; null while only planned'),
    sa.Column('planned_date', sa.Date(), autoincrement=False, nullable=True, comment='Announced opening'),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False, comment='First day this row holds'),
    sa.Column('valid_to', sa.Date(), autoincrement=False, nullable=True, comment='Last day this row holds; null while in force'),
    sa.Column('predecessor_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Center that this one continues'),
    sa.Column('contact_email', sa.String(length=200), autoincrement=False, nullable=True, comment='Public mailbox'),
    sa.Column('contact_phone', sa.String(length=40), autoincrement=False, nullable=True, comment='Public telephone'),
    sa.PrimaryKeyConstraint('center_code'),
    comment='A Center of Excellence and Expertise; rows are effective-dated.'
    )
    op.create_table('entry',
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=False, comment='Entry number, 11 characters without dashes: filer code, seven digits, check digit'),
    sa.Column('entry_type_code', sa.String(length=2), autoincrement=False, nullable=False, comment='Entry type (CBP Form 7501, block 2)'),
    sa.Column('filer_code', sa.String(length=3), autoincrement=False, nullable=False, comment='Filer'),
    sa.Column('importer_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Importer of record'),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Account of the importer'),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False, comment='Port of entry'),
    sa.Column('mode_code', sa.String(length=2), autoincrement=False, nullable=True, comment='Mode of transport (block 9); null when the source does not say'),
    sa.Column('entry_date', sa.Date(), autoincrement=False, nullable=False, comment='Entry date'),
    sa.Column('summary_date', sa.Date(), autoincrement=False, nullable=True, comment='Date the entry summary was filed'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Center that processes it; null when the port does'),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False, comment='Industry of its most valuable goods'),
    sa.Column('program', sa.String(length=7), autoincrement=False, nullable=False, comment="Importer's program on the entry date"),
    sa.Column('processed_by', sa.String(length=6), autoincrement=False, nullable=False, comment='Who processes it'),
    sa.Column('decision_by', sa.String(length=6), autoincrement=False, nullable=False, comment='Who decides; before 27 September 2012 a Center could only recommend'),
    sa.Column('value_usd', sa.Float(), autoincrement=False, nullable=False, comment='Entered value of all lines'),
    sa.Column('duty_usd', sa.Float(), autoincrement=False, nullable=False, comment='Estimated duty of all lines'),
    sa.Column('fees_usd', sa.Float(), autoincrement=False, nullable=False, comment='Merchandise processing and harbor maintenance fees'),
    sa.Column('line_count', sa.BigInteger(), autoincrement=False, nullable=False, comment='Lines on the summary'),
    sa.Column('scheduled_liquidation_date', sa.Date(), autoincrement=False, nullable=True, comment='Scheduled liquidation'),
    sa.Column('liquidation_date', sa.Date(), autoincrement=False, nullable=True, comment='Liquidation; null while not liquidated'),
    sa.Column('liquidation_type', sa.String(length=9), autoincrement=False, nullable=True, comment='How it liquidated'),
    sa.PrimaryKeyConstraint('entry_number'),
    comment='An entry summary.'
    )
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.create_index('ix_entry_account_id', ['account_id'], unique=False)

    op.create_table('entry_line',
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=False, comment='Entry number, 11 characters without dashes: filer code, seven digits, check digit'),
    sa.Column('line_number', sa.BigInteger(), autoincrement=False, nullable=False, comment='Line number'),
    sa.Column('hts_number', sa.String(length=10), autoincrement=False, nullable=False, comment='Tariff number, 10 digits without dots'),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False, comment="Industry of the line's heading"),
    sa.Column('origin_code', sa.String(length=2), autoincrement=False, nullable=False, comment='Country of origin, ISO 3166 alpha-2 (Canada also as a province, XA-XY)'),
    sa.Column('value_usd', sa.Float(), autoincrement=False, nullable=False, comment='Entered value'),
    sa.Column('duty_usd', sa.Float(), autoincrement=False, nullable=False, comment='Estimated duty'),
    sa.Column('spi_code', sa.String(length=3), autoincrement=False, nullable=True, comment='Special program indicator; null when no preference is claimed'),
    sa.PrimaryKeyConstraint('entry_number', 'line_number'),
    comment='A line of an entry summary.'
    )
    op.create_table('feedback',
    sa.Column('feedback_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Feedback'),
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Group'),
    sa.Column('meeting_id', sa.String(length=16), autoincrement=False, nullable=True, comment='Meeting where it was given'),
    sa.Column('received_date', sa.Date(), autoincrement=False, nullable=False, comment='Received'),
    sa.Column('segment', sa.String(length=14), autoincrement=False, nullable=False, comment='Segment of the trade'),
    sa.Column('organization_code', sa.String(length=16), autoincrement=False, nullable=False, comment='Organisation, as an anonymous code'),
    sa.Column('topic', sa.String(length=15), autoincrement=False, nullable=False, comment='About what'),
    sa.Column('kind', sa.String(length=14), autoincrement=False, nullable=False, comment='What it is'),
    sa.Column('statement', sa.String(length=2000), autoincrement=False, nullable=False, comment='What was said'),
    sa.Column('severity', sa.BigInteger(), autoincrement=False, nullable=True, comment='Weight 1-5'),
    sa.Column('position', sa.String(length=12), autoincrement=False, nullable=False, comment="CBP's position"),
    sa.Column('status', sa.String(length=18), autoincrement=False, nullable=False, comment='State'),
    sa.Column('owner', sa.String(length=200), autoincrement=False, nullable=True, comment='Office that owns the answer'),
    sa.Column('target_date', sa.Date(), autoincrement=False, nullable=True, comment='Answer promised by'),
    sa.Column('responded_date', sa.Date(), autoincrement=False, nullable=True, comment='First answer; null while unanswered'),
    sa.Column('response', sa.String(length=2000), autoincrement=False, nullable=True, comment='Answer'),
    sa.Column('linked_metric_id', sa.String(length=60), autoincrement=False, nullable=True, comment='Metric that should move'),
    sa.Column('is_public', sa.Boolean(), autoincrement=False, nullable=False, comment='May be shown outside'),
    sa.PrimaryKeyConstraint('feedback_id'),
    comment='One piece of individual input from a working group.'
    )
    op.create_table('hts_heading',
    sa.Column('heading', sa.String(length=4), autoincrement=False, nullable=False, comment='Heading, four digits'),
    sa.Column('chapter', sa.String(length=2), autoincrement=False, nullable=False, comment='Chapter, two digits'),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False, comment='Industry of the heading'),
    sa.PrimaryKeyConstraint('heading'),
    comment='A four-digit heading of the Harmonized Tariff Schedule and the industry it belongs to.'
    )
    op.create_table('importer',
    sa.Column('importer_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Importer'),
    sa.Column('importer_number', sa.String(length=12), autoincrement=False, nullable=False, comment='Importer of record number'),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Account that holds the number'),
    sa.Column('ctpat_tier', sa.BigInteger(), autoincrement=False, nullable=True, comment='C-TPAT tier 1-3; null when not a member'),
    sa.Column('isa_member', sa.Boolean(), autoincrement=False, nullable=False, comment='Member of Importer Self-Assessment'),
    sa.Column('ctpat_since', sa.Date(), autoincrement=False, nullable=True, comment='Member of C-TPAT since'),
    sa.Column('isa_since', sa.Date(), autoincrement=False, nullable=True, comment='Member of ISA since'),
    sa.PrimaryKeyConstraint('importer_id'),
    comment='An importer of record number (CBP Form 5106) of an account, with its program memberships.'
    )
    with op.batch_alter_table('importer', schema=None) as batch_op:
        batch_op.create_index('ix_importer_importer_number', ['importer_number'], unique=False)

    op.create_table('industry',
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False, comment='Short code of the industry'),
    sa.Column('industry_name', sa.String(length=200), autoincrement=False, nullable=False, comment='Name'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Center whose goods these are'),
    sa.PrimaryKeyConstraint('industry_code'),
    comment='An industry: a group of tariff headings below a Center.'
    )
    op.create_table('inquiry',
    sa.Column('inquiry_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Inquiry'),
    sa.Column('received_date', sa.Date(), autoincrement=False, nullable=False, comment='Received'),
    sa.Column('answered_date', sa.Date(), autoincrement=False, nullable=True, comment='Answered; null while open'),
    sa.Column('requester', sa.String(length=14), autoincrement=False, nullable=True, comment='Who asked'),
    sa.Column('topic', sa.String(length=14), autoincrement=False, nullable=False, comment='About what'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Center asked'),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=True, comment='Port concerned'),
    sa.Column('resolved_first_contact', sa.Boolean(), autoincrement=False, nullable=True, comment='Settled at first contact; null while open'),
    sa.Column('satisfaction', sa.BigInteger(), autoincrement=False, nullable=True, comment='Satisfaction 1-5; null when not given'),
    sa.PrimaryKeyConstraint('inquiry_id'),
    comment='A question of the trade to a Center.'
    )
    op.create_table('load',
    sa.Column('load_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('file_name', sa.String(length=400), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('byte_count', sa.BigInteger(), nullable=False),
    sa.Column('table_name', sa.String(length=40), nullable=False),
    sa.Column('layout', sa.String(length=40), nullable=False),
    sa.Column('synthetic', sa.Boolean(), nullable=False),
    sa.Column('read_count', sa.BigInteger(), nullable=False),
    sa.Column('accepted_count', sa.BigInteger(), nullable=False),
    sa.Column('rejected_count', sa.BigInteger(), nullable=False),
    sa.Column('unchanged_count', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('finished_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('load_id'),
    comment='Every file that was loaded.'
    )
    with op.batch_alter_table('load', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_load_sha256'), ['sha256'], unique=False)

    op.create_table('meeting',
    sa.Column('meeting_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Meeting'),
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Group'),
    sa.Column('meeting_date', sa.Date(), autoincrement=False, nullable=False, comment='Day'),
    sa.Column('title', sa.String(length=200), autoincrement=False, nullable=False, comment='Title'),
    sa.Column('location', sa.String(length=200), autoincrement=False, nullable=True, comment='Place'),
    sa.Column('attendance_count', sa.BigInteger(), autoincrement=False, nullable=True, comment='People present'),
    sa.PrimaryKeyConstraint('meeting_id'),
    comment='A meeting of a working group.'
    )
    op.create_table('news',
    sa.Column('news_id', sa.String(length=16), autoincrement=False, nullable=False, comment='News'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Center; null for all'),
    sa.Column('published_date', sa.Date(), autoincrement=False, nullable=False, comment='Published'),
    sa.Column('title', sa.String(length=200), autoincrement=False, nullable=False, comment='Title'),
    sa.Column('summary', sa.String(length=1000), autoincrement=False, nullable=True, comment='Summary'),
    sa.Column('url', sa.String(length=400), autoincrement=False, nullable=True, comment='Address'),
    sa.PrimaryKeyConstraint('news_id'),
    comment='An announcement about a Center.'
    )
    op.create_table('note',
    sa.Column('note_id', sa.String(length=36), autoincrement=False, nullable=False, comment='Note'),
    sa.Column('filter', sa.String(length=2000), autoincrement=False, nullable=True, comment='View, as URL parameters'),
    sa.Column('from_date', sa.Date(), autoincrement=False, nullable=True, comment='First day concerned'),
    sa.Column('to_date', sa.Date(), autoincrement=False, nullable=True, comment='Last day concerned'),
    sa.Column('text', sa.String(length=2000), autoincrement=False, nullable=False, comment='Note'),
    sa.Column('author', sa.String(length=200), autoincrement=False, nullable=False, comment='Who'),
    sa.Column('created_at', sa.DateTime(), autoincrement=False, nullable=False, comment='When, UTC'),
    sa.PrimaryKeyConstraint('note_id'),
    comment='An annotation that a reader left on a view.'
    )
    op.create_table('port',
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False, comment='Schedule D code, four digits'),
    sa.Column('port_name', sa.String(length=200), autoincrement=False, nullable=False, comment='Name'),
    sa.Column('state_code', sa.String(length=2), autoincrement=False, nullable=True, comment='State or territory, postal code'),
    sa.Column('district_code', sa.String(length=2), autoincrement=False, nullable=False, comment='District, first two digits of the code'),
    sa.Column('field_office', sa.String(length=200), autoincrement=False, nullable=True, comment='CBP field office'),
    sa.Column('kind', sa.String(length=10), autoincrement=False, nullable=False, comment='How most of its value arrives'),
    sa.Column('latitude', sa.Float(), autoincrement=False, nullable=True, comment='Degrees north'),
    sa.Column('longitude', sa.Float(), autoincrement=False, nullable=True, comment='Degrees east'),
    sa.PrimaryKeyConstraint('port_code'),
    comment='A port of entry (Schedule D code as CBP uses it).'
    )
    op.create_table('reject',
    sa.Column('load_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('row_number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('rule', sa.String(length=80), nullable=False),
    sa.Column('column_name', sa.String(length=200), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('message', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('load_id', 'row_number', 'rule'),
    comment='Every row that was refused, with the rule it broke; row 1 of a file is its headings.'
    )
    op.create_table('review',
    sa.Column('review_id', sa.String(length=20), autoincrement=False, nullable=False, comment='Review'),
    sa.Column('work_type', sa.String(length=16), autoincrement=False, nullable=False, comment='Kind of work'),
    sa.Column('entry_number', sa.String(length=11), autoincrement=False, nullable=True, comment='Entry number, 11 characters without dashes: filer code, seven digits, check digit; null when the work concerns no single entry'),
    sa.Column('line_number', sa.BigInteger(), autoincrement=False, nullable=True, comment='Line reviewed, in the random sample'),
    sa.Column('account_id', sa.String(length=16), autoincrement=False, nullable=False, comment='Account concerned'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Center that holds it now; null when a port does'),
    sa.Column('port_code', sa.String(length=4), autoincrement=False, nullable=False, comment='Port of entry of the work'),
    sa.Column('industry_code', sa.String(length=16), autoincrement=False, nullable=False, comment='Industry of the goods'),
    sa.Column('program', sa.String(length=7), autoincrement=False, nullable=False, comment="Importer's program on the entry date"),
    sa.Column('opened_date', sa.Date(), autoincrement=False, nullable=False, comment='Received'),
    sa.Column('due_date', sa.Date(), autoincrement=False, nullable=True, comment='Date by which the clock asks for an answer'),
    sa.Column('due_basis', sa.String(length=21), autoincrement=False, nullable=True, comment='What the due date rests on'),
    sa.Column('closed_date', sa.Date(), autoincrement=False, nullable=True, comment='Completed; null while open'),
    sa.Column('status', sa.String(length=14), autoincrement=False, nullable=False, comment='State'),
    sa.Column('outcome', sa.String(length=17), autoincrement=False, nullable=True, comment='Result; null while open'),
    sa.Column('source', sa.String(length=11), autoincrement=False, nullable=False, comment="Why it was opened; only 'random' measures compliance"),
    sa.Column('stratum', sa.String(length=24), autoincrement=False, nullable=True, comment='Sampling stratum, of the random sample'),
    sa.Column('severity', sa.String(length=5), autoincrement=False, nullable=True, comment='Worst discrepancy found; null while open'),
    sa.Column('finding_category', sa.String(length=15), autoincrement=False, nullable=True, comment='Category of the worst discrepancy'),
    sa.Column('revenue_change_usd', sa.Float(), autoincrement=False, nullable=True, comment='Revenue owed less revenue paid, as found'),
    sa.Column('hours', sa.Float(), autoincrement=False, nullable=True, comment='Hours worked'),
    sa.Column('team', sa.String(length=20), autoincrement=False, nullable=True, comment='Team in the Center'),
    sa.PrimaryKeyConstraint('review_id'),
    comment="One unit of a Center's (or a port's) work."
    )
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.create_index('ix_review_entry_number', ['entry_number'], unique=False)

    op.create_table('review_event',
    sa.Column('review_id', sa.String(length=20), autoincrement=False, nullable=False, comment='Review'),
    sa.Column('event_date', sa.Date(), autoincrement=False, nullable=False, comment='Day of the event'),
    sa.Column('event_type', sa.String(length=11), autoincrement=False, nullable=False, comment='Kind of event'),
    sa.Column('from_center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Holder before a transfer; null for a port'),
    sa.Column('to_center_code', sa.String(length=8), autoincrement=False, nullable=True, comment='Holder after a transfer; null for a port'),
    sa.Column('reason', sa.String(length=200), autoincrement=False, nullable=True, comment='Why'),
    sa.PrimaryKeyConstraint('review_id', 'event_date', 'event_type'),
    comment='Something dated that happened to a review.'
    )
    op.create_table('sample_stratum',
    sa.Column('stratum', sa.String(length=24), autoincrement=False, nullable=False, comment='Stratum'),
    sa.Column('period', sa.String(length=7), autoincrement=False, nullable=False, comment='Month of entry, YYYY-MM'),
    sa.Column('universe_lines', sa.BigInteger(), autoincrement=False, nullable=False, comment='Entry lines in the stratum'),
    sa.Column('sampled_lines', sa.BigInteger(), autoincrement=False, nullable=False, comment='Lines drawn'),
    sa.Column('universe_value_usd', sa.Float(), autoincrement=False, nullable=False, comment="Value of the stratum's lines"),
    sa.PrimaryKeyConstraint('stratum', 'period'),
    comment='The design of the random sample: one stratum in one month of entry.'
    )
    op.create_table('staff',
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Center'),
    sa.Column('position_type', sa.String(length=26), autoincrement=False, nullable=False, comment='Customs revenue position'),
    sa.Column('month', sa.String(length=7), autoincrement=False, nullable=False, comment='Month, YYYY-MM'),
    sa.Column('on_board', sa.BigInteger(), autoincrement=False, nullable=False, comment='People on board'),
    sa.Column('floor', sa.BigInteger(), autoincrement=False, nullable=False, comment='Statutory or agreed minimum'),
    sa.PrimaryKeyConstraint('center_code', 'position_type', 'month'),
    comment='People on board against the floor, by position and month.'
    )
    op.create_table('target',
    sa.Column('metric_id', sa.String(length=60), autoincrement=False, nullable=False, comment='Metric'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Center, or ALL'),
    sa.Column('valid_from', sa.Date(), autoincrement=False, nullable=False, comment='First day in force'),
    sa.Column('target_value', sa.Float(), autoincrement=False, nullable=False, comment="Target in the metric's own unit"),
    sa.PrimaryKeyConstraint('metric_id', 'center_code', 'valid_from'),
    comment='A target of a metric, for one Center or all.'
    )
    op.create_table('working_group',
    sa.Column('group_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Group'),
    sa.Column('group_name', sa.String(length=200), autoincrement=False, nullable=False, comment='Name'),
    sa.Column('center_code', sa.String(length=8), autoincrement=False, nullable=False, comment='Center it advises on'),
    sa.Column('established_date', sa.Date(), autoincrement=False, nullable=False, comment='Established'),
    sa.PrimaryKeyConstraint('group_code'),
    comment='An Industry Working Group.'
    )


def downgrade() -> None:
    op.drop_table('working_group')
    op.drop_table('target')
    op.drop_table('staff')
    op.drop_table('sample_stratum')
    op.drop_table('review_event')
    with op.batch_alter_table('review', schema=None) as batch_op:
        batch_op.drop_index('ix_review_entry_number')

    op.drop_table('review')
    op.drop_table('reject')
    op.drop_table('port')
    op.drop_table('note')
    op.drop_table('news')
    op.drop_table('meeting')
    with op.batch_alter_table('load', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_load_sha256'))

    op.drop_table('load')
    op.drop_table('inquiry')
    op.drop_table('industry')
    with op.batch_alter_table('importer', schema=None) as batch_op:
        batch_op.drop_index('ix_importer_importer_number')

    op.drop_table('importer')
    op.drop_table('hts_heading')
    op.drop_table('feedback')
    op.drop_table('entry_line')
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.drop_index('ix_entry_account_id')

    op.drop_table('entry')
    op.drop_table('center')
    op.drop_table('audit_event')
    op.drop_table('account_center')
    op.drop_table('account')
