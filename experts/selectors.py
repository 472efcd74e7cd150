"""Reads the experts' shared data: the current priors, and the log of rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from climbiq.accounts.models import User
from experts.domain.rules.changes import Change, describe_changes, keys_in
from experts.domain.rules.words import AUDIT_ACTIONS
from experts.models import (
    ExpertRule,
    ExpertScenarioResponse,
    PopulationPrior,
    RuleAuditLog,
    RuleReviewSession,
    SyntheticScenario,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPriors:
    """The version in force and its rows, as plain numbers by variable."""

    version: int
    rows: dict[str, dict[str, Any]]


class NoPriors(RuntimeError):
    """No prior is loaded: `manage.py load_literature_priors` was not run."""


_FIELDS = (
    "variable_name",
    "version",
    "population_mean",
    "population_std",
    "individual_variance",
    "optimal_min",
    "optimal_max",
    "literature_mean",
    "literature_std",
    "literature_sources",
    "expert_mean",
    "expert_std",
    "expert_n_scenarios",
    "blend_weights",
    "created_at",
)


def current_priors() -> CurrentPriors:
    """Read the current priors.

    Raises
    ------
    NoPriors
        There are none.
    """
    rows = {
        row.pop("variable_name"): row
        for row in PopulationPrior.objects.filter(is_current=True).values(*_FIELDS).order_by("variable_name")
    }
    if not rows:
        raise NoPriors("no priors are loaded: run manage.py load_literature_priors")
    return CurrentPriors(version=max(row["version"] for row in rows.values()), rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledAnswers:
    """What coaches answered on a scenario that they agree on: its day, what stays disputed, and each coach's predicted
    quality, the counterfactuals to it, and how sure they were."""

    conditions: dict[str, Any]
    disputed: tuple[str, ...]
    answers: tuple[tuple[float, list[Any], str | None], ...]


def settled_answers() -> list[SettledAnswers]:
    """Read the complete answers on every scenario with consensus (background role); none before there is one."""
    found: dict[UUID, SettledAnswers] = {}
    rows = (
        ExpertScenarioResponse.objects.filter(
            scenario__status="consensus_reached",
            scenario__consensus__isnull=False,
            is_complete=True,
            predicted_quality_baseline__isnull=False,
        )
        .order_by("scenario_id", "expert_id")
        .values_list(
            "scenario_id",
            "scenario__pre_session_snapshot",
            "scenario__consensus__disputed_factors",
            "predicted_quality_baseline",
            "counterfactuals",
            "prediction_confidence",
        )
    )
    for scenario, snapshot, disputed, baseline, counterfactuals, confidence in rows:
        if baseline is None:  # the filter's; the type does not know
            continue
        known = found.get(scenario)
        answer = (float(baseline), counterfactuals if isinstance(counterfactuals, list) else [], confidence)
        found[scenario] = SettledAnswers(
            conditions=snapshot if isinstance(snapshot, dict) else {},
            disputed=tuple(disputed or ()),
            answers=(*(known.answers if known else ()), answer),
        )
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLogEntry:
    """One change of a rule. `by` is blank where no person of ours made it: directly in the database."""

    id: UUID
    rule_id: UUID
    action: str
    at: datetime
    by_id: UUID | None
    by: str
    reason: str
    changes: tuple[Change, ...]

    @property
    def word(self) -> str:
        """What was done, in a word or a few."""
        return AUDIT_ACTIONS.get(self.action, self.action)


def rule_log_rows() -> QuerySet[RuleAuditLog]:
    """The log, newest first, with the people in it."""
    return (
        RuleAuditLog.objects.select_related("changed_by")
        .defer("changed_by__password")
        .order_by("-created_at", "-id")
    )


def coaches() -> QuerySet[User]:
    """Whoever coaches now, by name."""
    people = User.objects.filter(is_staff=True, is_active=True)
    return people.defer("password").order_by("display_name", "email")


def names_of(keys: Collection[str]) -> dict[str, str]:
    """What people, scenarios, review sessions and rules are called, by their keys; one query each."""
    if not keys:
        return {}
    known: dict[str, str] = {}
    for rows in (
        User.objects.filter(pk__in=keys).defer("password"),
        SyntheticScenario.objects.filter(pk__in=keys).only("id", "scenario_description"),
        RuleReviewSession.objects.filter(pk__in=keys),
        ExpertRule.objects.filter(pk__in=keys).only("id", "name"),
    ):
        known |= {str(row.pk): str(row) for row in rows}
    return known


def as_log_entries(rows: Iterable[RuleAuditLog]) -> list[RuleLogEntry]:
    """Rows of `rule_log_rows` in words, those that they name by their names of today."""
    rows = list(rows)
    names = names_of(
        {key for row in rows for state in (row.previous_state, row.new_state) for key in keys_in(state)}
    )
    return [_as_log_entry(row, names) for row in rows]


def author_of(row: RuleAuditLog) -> str:
    """Who made the change; blank where no person of ours did."""
    return str(row.changed_by) if row.changed_by is not None else ""


def _as_log_entry(row: RuleAuditLog, names: Mapping[str, str]) -> RuleLogEntry:
    return RuleLogEntry(
        id=row.pk,
        rule_id=row.rule_id,
        action=row.action,
        at=row.created_at,
        by_id=row.changed_by_id,
        by=author_of(row),
        reason=row.reason or "",
        changes=describe_changes(before=row.previous_state, after=row.new_state or {}, names=names),
    )
