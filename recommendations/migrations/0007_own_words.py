from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [("recommendations", "0006_readable")]

    operations = [run_file(__file__, "0007_own_words.sql")]
