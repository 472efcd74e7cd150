from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("common", "0002_security")]

    operations = [
        migrations.AddField(
            model_name="idempotencyrecord",
            name="headers",
            field=models.JSONField(db_default=models.Value("{}", models.JSONField()), default=dict),
        )
    ]
