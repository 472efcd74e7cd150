from __future__ import annotations

import django.contrib.postgres.fields
from django.db import migrations, models

# What lies ahead is derived anew: whose words its answers were nobody recorded, and they may be old. What lies behind
# stays as it is. The owner of the tables sees no rows of theirs while policies are forced.
FOLLOW_THE_DIARY = """
ALTER TABLE sessions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pre_session_data NO FORCE ROW LEVEL SECURITY;
UPDATE pre_session_data b SET derived_said = '{}'
FROM sessions s WHERE s.id = b.session_id AND s.status IN ('planned', 'in_progress');
ALTER TABLE pre_session_data FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0007_one_baseline")]

    operations = [
        migrations.AddField(
            model_name="presessiondata",
            name="derived_said",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, null=True, size=None
            ),
        ),
        migrations.RunSQL(FOLLOW_THE_DIARY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="presessiondata",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "derived_said__contained_by",
                        ["days_since_last_session", "days_since_hard_session", "time_of_day"],
                    )
                ),
                name="pre_session_data_derived_said_check",
            ),
        ),
    ]
