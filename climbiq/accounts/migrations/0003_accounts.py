from __future__ import annotations

from django.db import migrations

from climbiq.common.sql import run_file


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_claims"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("django_eventstream", "0001_initial"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
    ]

    operations = [run_file(__file__, "0003_accounts.sql")]
