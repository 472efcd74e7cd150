from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("experts", "0002_security")]

    operations = [run_file(__file__, "0003_has_priors.sql")]
