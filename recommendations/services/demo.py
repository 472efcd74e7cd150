"""The demo: people, their diaries, the coaches' rules and scenarios. Every room writes its own part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.db import transaction

from climbiq.accounts.models import User
from experts.services.demo import add_demo_rules, add_demo_scenarios
from modeling.services.demo import ask_for_demo_training
from recommendations.services.demo_guesses import GUESSERS, add_demo_guesses
from sessions_app.domain.demo import CLIMBERS, DemoClimber
from sessions_app.services.demo import fill_demo_diary

__all__ = ["DEMO_PASSWORD", "DemoLogin", "Seeded", "demo_logins", "seed_demo"]

DEMO_DOMAIN: Final = "climbiq.test"  # a name that nobody can ever own
DEMO_PASSWORD: Final = "climb-more-worry-less"  # noqa: S105  public: it is printed at every start

_OPERATOR: Final = ("olga", "Olga")
_COACHES: Final = (("petra", "Petra"), ("carol", "Carol"), ("dave", "Dave"), ("ines", "Inês"))
_FACILITATOR: Final = "petra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What was written."""

    climbers: int
    sessions: int
    rules: int
    scenarios: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLogin:
    """An account of the demo that one can log in to."""

    email: str
    what: str


def seed_demo(*, now: datetime) -> Seeded | None:
    """Write the demo, all of it or nothing; None where it is there already."""
    with transaction.atomic():
        if User.objects.filter(email__endswith=f"@{DEMO_DOMAIN}").exists():
            return None
        password = make_password(DEMO_PASSWORD)
        _add(*_OPERATOR, password=password, is_staff=True, is_superuser=True)
        coaches = [
            _add(login, name, password=password, is_staff=True, is_facilitator=login == _FACILITATOR)
            for login, name in _COACHES
        ]
        climbers = [(climber, _add_climber(climber, password=password, now=now)) for climber in CLIMBERS]
        sessions = sum(
            fill_demo_diary(by=user, climber=climber, number=number, now=now)
            for number, (climber, user) in enumerate(climbers)
        )
        ask_for_demo_training()
        rules = add_demo_rules(author=coaches[1], reviewer=coaches[0], now=now)
        for climber, user in climbers:
            if climber.login in GUESSERS:
                add_demo_guesses(by=user, error_sd=GUESSERS[climber.login])
        return Seeded(
            climbers=len(climbers),
            sessions=sessions,
            rules=rules,
            scenarios=add_demo_scenarios(reviewers=coaches),
        )


def demo_logins() -> tuple[DemoLogin, ...]:
    """The accounts of the demo that exist and still open, the most useful ones first."""
    known = {f"{login}@{DEMO_DOMAIN}": what for login, what in _descriptions()}
    there = set(User.objects.filter(email__in=known, is_active=True).values_list("email", flat=True))
    return tuple(DemoLogin(email=email, what=what) for email, what in known.items() if email in there)


def _descriptions() -> list[tuple[str, str]]:
    climbers = [(c.login, _in_words(c.weeks, is_planning=c.plans_today)) for c in CLIMBERS]
    coaches = [
        (login, "coach and facilitator" if login == _FACILITATOR else "coach") for login, _ in _COACHES
    ]
    return [*climbers, *coaches, (_OPERATOR[0], "operator")]


def _in_words(weeks: int, *, is_planning: bool) -> str:
    history = f"climber, {weeks} weeks of sessions" if weeks else "climber, new: no baseline, no session"
    return history + (", one planned for today" if is_planning else "")


def _add_climber(climber: DemoClimber, *, password: str, now: datetime) -> User:
    joined = now - timedelta(weeks=climber.weeks)
    return _add(
        climber.login, climber.name, password=password, time_zone=climber.time_zone, date_joined=joined
    )


def _add(login: str, name: str, *, password: str, **fields: Any) -> User:
    fields.setdefault("time_zone", "Europe/Berlin")
    return User.objects.create(email=f"{login}@{DEMO_DOMAIN}", display_name=name, password=password, **fields)
