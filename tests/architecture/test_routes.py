"""Every route against every kind of visitor. A route that is not on the table fails the test.

The columns: nobody, Alice (whose rows the ids are), Bob (another climber), a coach, an operator, Alice by a
read-only token. `GET` throughout; what writes refuses it (405) or asks first.
"""

from __future__ import annotations

from django.urls import get_resolver, reverse

from tests.architecture.all_routes import address, routes
from tests.architecture.route_matrix import ADMIN, MATRIX, VISITORS


def test_every_route_is_on_the_table():
    found = {name for name, _, _ in routes(get_resolver()) if not name.startswith(("admin:", "admin/"))}
    assert found == set(MATRIX)


def test_every_route_answers_everybody_as_the_table_says(visitors, ids):
    wrong = []
    for name, path, _ in routes(get_resolver()):
        if name not in MATRIX:
            continue
        expected = MATRIX[name].split()
        got = []
        for visitor in VISITORS:
            response = visitors[visitor].get(address(name, path, ids))
            got.append(str(response.status_code))
        if got != expected:
            wrong.append(f'"{name}": "{" ".join(got)}",  # is on the table as {" ".join(expected)}')
    assert not wrong, "\n".join(wrong)


def test_the_admin_is_for_coaches_and_accounts_are_for_operators(visitors):
    wrong = []
    for name, _, converters in routes(get_resolver()):
        if not name.startswith("admin:") or converters or name == "admin:admin/(?P<url>.*)$":
            continue
        kind = next((k for k in ADMIN if name.startswith(f"admin:{k}")), None)
        assert kind is not None, f"{name} is not on the table"
        if kind == "app_list":
            continue
        got = [
            str(visitors[visitor].get(reverse(name)).status_code)
            for visitor in ("nobody", "alice", "coach", "operator")
        ]
        if got != ADMIN[kind].split():
            wrong.append(f"{name}: {' '.join(got)}, on the table {ADMIN[kind]}")
    assert not wrong, "\n".join(wrong)
