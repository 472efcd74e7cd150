from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0006_finite_numbers")]

    operations = [run_file(__file__, "0007_one_baseline.sql")]
