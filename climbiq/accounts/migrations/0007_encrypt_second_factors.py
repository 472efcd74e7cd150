from __future__ import annotations

import json

from django.db import migrations


def encrypt(apps, schema_editor):
    """Encrypt what was stored in the clear."""
    from climbiq.accounts.second_factor import under_first_key

    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, data FROM mfa_authenticator WHERE type IN ('totp', 'recovery_codes') FOR UPDATE"
        )
        for key, data in cursor.fetchall():
            stored = json.loads(data) if isinstance(data, str) else data
            cursor.execute(
                "UPDATE mfa_authenticator SET data = %s WHERE id = %s",
                [json.dumps(under_first_key(stored)), key],
            )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_erasure_races"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [migrations.RunPython(encrypt, migrations.RunPython.noop)]
