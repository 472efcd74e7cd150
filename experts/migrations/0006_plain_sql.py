from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("experts", "0005_finite_numbers")]

    operations = [run_file(__file__, "0006_plain_sql.sql")]
