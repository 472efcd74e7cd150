from __future__ import annotations

from django.db import migrations, models

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_logins")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="erasure_due_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        run_file(__file__, "0005_erasure.sql"),
    ]
