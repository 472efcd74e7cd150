from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modeling", "0004_evaluation")]

    operations = [
        migrations.AddField(
            model_name="trainingrun", name="learnt", field=models.JSONField(null=True, blank=True)
        )
    ]
