from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("experts", "0007_readable")]

    operations = [run_file(__file__, "0008_second_coach.sql")]
