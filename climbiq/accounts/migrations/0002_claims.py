from __future__ import annotations

from django.conf import settings
from django.db import migrations

from climbiq.common.sql import run_file


def install_key(apps, schema_editor):
    """Put this installation's signing key where only the claims function reads it."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("INSERT INTO app.rls_key (key) VALUES (%s) ON CONFLICT DO NOTHING", [settings.RLS_KEY])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        run_file(__file__, "0002_claims.sql"),
        migrations.RunPython(install_key, migrations.RunPython.noop),
    ]
