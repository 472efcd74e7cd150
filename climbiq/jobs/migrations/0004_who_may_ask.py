from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_rung_at")]

    operations = [run_file(__file__, "0004_who_may_ask.sql")]
