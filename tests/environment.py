"""The environment of the test run, set before Django reads its settings (`-p tests.environment`).

One PostgreSQL and one Valkey for the whole run, started from wheels; the database is a template for clones.

Tests work on one connection inside a transaction. Its login owns everything, so factories may write anything;
every request and every `acting_as` block switches to the app role with signed claims, as in production.
"""

from __future__ import annotations

import os
from pathlib import Path

from climbiq.local import testing

testing.PREPARED = Path(os.environ["CLIMBIQ_TEST_CLUSTER"]) if "CLIMBIQ_TEST_CLUSTER" in os.environ else None
os.environ["DJANGO_SECRET_KEY"] = "only-for-tests-" + "k" * 50
os.environ["CLIMBIQ_RLS_KEY"] = "5a" * 32
os.environ["CLIMBIQ_TOKEN_PEPPER"] = "pepper-for-tests"
os.environ["DATABASE_URL"] = "postgresql://nobody@/climbiq?host=/nowhere"  # replaced once the cluster is up
os.environ["CLIMBIQ_DB_ROLE"] = "service"
os.environ["REDIS_URL"] = testing.test_valkey().url()
os.environ["CLIMBIQ_DEMO"] = ""
os.environ["CLIMBIQ_TLS"] = "0"
os.environ["CLIMBIQ_HASHED_STATIC"] = "0"  # no `collectstatic` before the tests
for _name in (
    "CLIMBIQ_OWNER_PASSWORD",
    "CLIMBIQ_APP_PASSWORD",
    "CLIMBIQ_SERVICE_PASSWORD",
    "CLIMBIQ_RLS_SET_ROLE",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "CELERY_BROKER_URL",
):
    os.environ.pop(_name, None)
