"""The operators' page of a training run, with everything that it learnt unfolded: phone and desktop, light and dark."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.factories.training_runs import record_of_a_run
from tests.fixtures.browser import add_person
from tests.fixtures.database import superuser_url

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_what_a_run_learnt(site, open_window, size):
    window = open_window(site.start(CLIMBIQ_DEMO="1"), size=size)
    for of_django in (r"no label: <input >$", r"small target 23×\d+: <button toggle-nav-sidebar>"):
        window.allow(of_django)
    add_person(site.database, "olga@example.org", is_staff=True, is_superuser=True)
    record = record_of_a_run()
    columns = ", ".join(record)
    values = [json.dumps(value) if isinstance(value, dict) else value for value in record.values()]
    with psycopg.connect(superuser_url(site.database), autocommit=True) as root:
        row = root.execute(
            f"INSERT INTO training_runs (trigger, status, finished_at, model_version, {columns})"
            f" VALUES ('schedule', 'published', now(), '2026-11-23-abcd', {', '.join(['%s'] * len(values))})"
            " RETURNING id",
            values,
        ).fetchone()
    assert row is not None
    window.log_in("olga@example.org")
    page = window.open(f"/admin/modeling/trainingrun/{row[0]}/change/")
    window.look("training-run")
    page.locator("#kinds-learnt > summary").click()
    window.look("training-run-kinds")
