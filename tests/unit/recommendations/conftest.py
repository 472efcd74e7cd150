"""Every test here reads rules, priors and the published population anew, and may visit pages as Alice."""

from __future__ import annotations

import pytest
from django.test import Client

from climbiq.accounts.models import User
from experts.services.rule_engine import RULE_ENGINE
from recommendations.services.shared_data import PRIORS, PUBLISHED, STATISTICS


@pytest.fixture(autouse=True)
def fresh_shared_data() -> None:
    for held in (PRIORS, STATISTICS, PUBLISHED, RULE_ENGINE):
        held.forget()


@pytest.fixture
def climbing(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client
