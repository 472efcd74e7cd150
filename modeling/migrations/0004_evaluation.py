from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_rung_at"), ("modeling", "0003_training")]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
            fields=[],
            options={
                "verbose_name": "evaluation",
                "verbose_name_plural": "evaluation",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("jobs.job",),
        )
    ]
