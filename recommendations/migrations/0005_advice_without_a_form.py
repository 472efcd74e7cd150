from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0004_all_advice_comes_back"),
        ("sessions_app", "0008_derived_answers"),
    ]

    operations = [run_file(__file__, "0005_advice_without_a_form.sql")]
