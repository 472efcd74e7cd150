from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_erasure")]

    operations = [run_file(__file__, "0006_erasure_races.sql")]
