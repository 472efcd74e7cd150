from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_accounts"),
        ("common", "0002_security"),
        ("modeling", "0001_initial"),
    ]

    operations = [run_file(__file__, "0002_security.sql")]
