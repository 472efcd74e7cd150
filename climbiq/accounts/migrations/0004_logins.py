from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    # After the jobs' grants on Django's own table, which are taken back here.
    dependencies = [("accounts", "0003_accounts"), ("jobs", "0003_rung_at")]

    operations = [
        migrations.CreateModel(
            name="Login",
            fields=[
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("session_key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("device", models.TextField(db_default="", default="")),
                ("is_app", models.BooleanField(db_default=False, default=False)),
                ("began_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("seen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_column="user_id",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "logins",
                "indexes": [models.Index(fields=["user"], name="logins_user")],
            },
        ),
        run_file(__file__, "0004_logins.sql"),
    ]
