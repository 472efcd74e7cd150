from __future__ import annotations

from django.db import migrations, models

import climbiq.common.fields
from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_security")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="rung_at",
            field=models.DateTimeField(
                blank=True,
                db_default=climbiq.common.fields.TransactionNow(),
                editable=False,
                null=True,
            ),
        ),
        run_file(__file__, "0003_rung_at.sql"),
    ]
