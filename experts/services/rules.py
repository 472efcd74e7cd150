"""Write, change, activate and retire expert rules.

The database keeps the truth: its triggers number versions, guard the lifecycle, ask for a second coach and write the
audit log. These functions check what is written, hold the row while it changes, and hand over the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from climbiq.accounts.models import User
from climbiq.domain.texts import UnstorableText, clean_text
from experts.domain.rules.content import CONTENT_PARTS, MAX_CHARS, RuleChanges, RuleContent, check_content
from experts.domain.rules.grammar import parse_rule
from experts.domain.rules.words import LIFECYCLE_STEPS, LIFECYCLES
from experts.models import ExpertRule
from experts.services.rule_provenance import provenance_faults
from experts.services.rule_refusals import (
    DuplicateName,
    ImpossibleStep,
    ImpossibleSuccessor,
    ReasonNeeded,
    RuleConflict,
    RuleNotFound,
    SecondCoachNeeded,
    refusals_explained,
)

__all__ = [
    "change_lifecycle",
    "content_of",
    "create_rule",
    "needs_second_coach",
    "revision_of",
    "supersede_rule",
    "update_rule",
]


class ActsForSomebodyElse(RuntimeError):
    """The transaction's claims are not those of the person in whose name a change is made."""


def create_rule(*, by: User, content: RuleContent, now: datetime, reason: str = "") -> ExpertRule:
    """Store a new rule as a draft.

    Raises
    ------
    InvalidRule
        With every fault and its path.
    DuplicateName
        Another rule has the name, in whatever case.
    """
    checked = check_content(content=content, now=now, unknown=provenance_faults(content=content))
    why = _reason(reason, needed=False)
    _refuse_duplicate(checked.name)
    with refusals_explained(), _because(why, by=by):
        rule = ExpertRule.objects.create(created_by_id=by.pk, **_values(checked))
    rule.refresh_from_db()
    return rule


def update_rule(
    *,
    by: User,
    rule_id: UUID,
    changes: RuleChanges,
    reason: str,
    now: datetime,
    revision: str | None = None,
) -> ExpertRule:
    """Change some of a rule; a change that changes nothing leaves no trace.

    What it was made from (source, evidence, contributors, scenario, review session) says nothing of what it does:
    changed alone, it makes no new version, an active safety rule stays in force, and no second coach is needed.

    Parameters
    ----------
    by : User
        Who asks. The log takes the person from the transaction's claims: they must be theirs, or nobody's.
    revision : str or None
        `revision_of` the rule as it was read. None: whatever it is now, only the given parts are changed.

    Raises
    ------
    RuleNotFound
        There is no such rule.
    RuleConflict
        The rule is not at `revision` any more.
    InvalidRule
        With every fault of the whole rule, not of the change alone.
    DuplicateName, ReasonNeeded, SafetyRuleInForce
        What they say.
    """
    why = _reason(reason)
    with refusals_explained():
        rule = _hold(rule_id, revision)
        stored = content_of(rule)
        wanted = replace(stored, **changes)
        unknown = provenance_faults(content=wanted, stored=stored)
        checked = check_content(content=wanted, now=now, expired_before=stored.expires_at, unknown=unknown)
        before = _values(stored)
        changed = {name: value for name, value in _values(checked).items() if value != before[name]}
        if not changed:
            return rule
        if "name" in changed:
            _refuse_duplicate(checked.name, but=(rule_id,))
        for name, value in changed.items():
            setattr(rule, name, value)
        with _because(why, by=by):
            rule.save(update_fields=list(changed))
    rule.refresh_from_db()
    return rule


def change_lifecycle(
    *, by: User, rule_id: UUID, to: str, reason: str, revision: str | None = None
) -> ExpertRule:
    """Take one step of the lifecycle; being there already is no step and leaves no trace.

    Raises
    ------
    RuleNotFound
        There is no such rule.
    RuleConflict
        The rule is not at `revision` any more: what would be activated is not what was read.
    ImpossibleStep
        The lifecycle has no such step, or another rule supersedes this one.
    InvalidRule
        A rule that the grammar refuses cannot be activated; it can be paused and retired.
    SecondCoachNeeded
        The rule is or was a safety rule, and `by` wrote some of what it says since somebody else activated it last.
    ReasonNeeded
        The reason is blank.
    """
    if to not in LIFECYCLES:
        raise ImpossibleStep(f"There is no such state. Known: {', '.join(LIFECYCLES)}.")
    why = _reason(reason)
    with refusals_explained():
        rule = _hold(rule_id, revision)
        if rule.lifecycle == to:
            return rule
        if to not in LIFECYCLE_STEPS[rule.lifecycle]:
            steps = ", ".join(LIFECYCLE_STEPS[rule.lifecycle])
            raise ImpossibleStep(f"A rule that is {rule.lifecycle} can only become: {steps}.")
        if to in {"active", "shadow"}:
            if rule.superseded_by is not None:
                raise ImpossibleStep(
                    f"“{rule.superseded_by.name}” supersedes this rule. Take that back first."
                )
            parse_rule(conditions=rule.conditions, actions=rule.actions)
        if to == "active" and needs_second_coach(rule=rule, by=by):
            raise SecondCoachNeeded
        rule.lifecycle = to
        with _because(why, by=by):
            rule.save(update_fields=["lifecycle"])
    rule.refresh_from_db()
    return rule


def supersede_rule(
    *,
    by: User,
    rule_id: UUID,
    successor_id: UUID | None,
    reason: str,
    now: datetime,
    revision: str | None = None,
) -> ExpertRule:
    """Let another rule take this one's place: from now on it never matches. Its lifecycle stays as it is.

    Parameters
    ----------
    successor_id : UUID or None
        The other rule; None takes it back. Being there already is no change and leaves no trace.
    revision : str or None
        `revision_of` the rule as it was read.

    Raises
    ------
    RuleNotFound
        There is no such rule.
    RuleConflict
        The rule is not at `revision` any more.
    ImpossibleSuccessor
        The other one does not exist, is this one, is retired, superseded itself or, where this one is in force, is
        not: nobody would be guarded in between.
    InvalidRule
        Taken back, the rule would be in force, and the grammar refuses it.
    ReasonNeeded
        The reason is blank.
    """
    why = _reason(reason)
    with refusals_explained():
        # In one order, so that two that name each other's rules wait for one another and never both go on.
        wanted = [key for key in (rule_id, successor_id) if key is not None]
        held = {
            rule.pk: rule
            for rule in ExpertRule.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
        }
        rule = _at_revision(held.get(rule_id), revision)
        if rule.superseded_by_id == successor_id:
            return rule
        if successor_id is not None:
            _refuse_successor(held.get(successor_id), of=rule, now=now)
        elif rule.lifecycle in {"active", "shadow"}:
            parse_rule(conditions=rule.conditions, actions=rule.actions)
        rule.superseded_by_id = successor_id
        with _because(why, by=by):
            rule.save(update_fields=["superseded_by"])
    rule.refresh_from_db()
    return rule


def needs_second_coach(*, rule: ExpertRule, by: User) -> bool:
    """Whether this person may not activate the rule: it is or was a safety rule, and says something of theirs.

    The database decides, from the log: what its trigger would refuse is told before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (%s OR app.rule_is_guarded(%s)) AND app.rule_has_words_of(%s, %s)",
            [rule.rule_category == "safety", rule.pk, rule.pk, by.pk],
        )
        needs: bool = cursor.fetchone()[0]
    return needs


def content_of(rule: ExpertRule) -> RuleContent:
    """What its authors decided."""
    said = {part: getattr(rule, _column(part)) for part in CONTENT_PARTS}
    return RuleContent(**{**said, "contributors": tuple(rule.contributors or ())})


def revision_of(rule: ExpertRule) -> str:
    """Changes with everything an editor shows: content, lifecycle, and which rule has its place."""
    return content_of(rule).revision(lifecycle=rule.lifecycle, superseded_by=rule.superseded_by_id)


def _hold(rule_id: UUID, revision: str | None) -> ExpertRule:
    """The rule, locked until the transaction ends."""
    return _at_revision(ExpertRule.objects.select_for_update().filter(pk=rule_id).first(), revision)


def _at_revision(rule: ExpertRule | None, revision: str | None) -> ExpertRule:
    if rule is None:
        raise RuleNotFound("There is no such rule.")
    if revision is not None and revision != revision_of(rule):
        raise RuleConflict
    return rule


def _refuse_successor(successor: ExpertRule | None, *, of: ExpertRule, now: datetime) -> None:
    if successor is None:
        raise ImpossibleSuccessor("There is no such rule.")
    if successor.pk == of.pk:
        raise ImpossibleSuccessor("A rule does not supersede itself.")
    if successor.superseded_by_id is not None:
        raise ImpossibleSuccessor(
            f"“{successor.name}” is superseded itself. Choose the one that took its place."
        )
    if successor.lifecycle == "retired":
        raise ImpossibleSuccessor(f"“{successor.name}” is retired.")
    if _is_in_force(of, now=now) and not _is_in_force(successor, now=now):
        raise ImpossibleSuccessor(
            f"“{successor.name}” is not in force, and this rule is: nothing would stand in its place. "
            "Activate that one first."
        )


def _is_in_force(rule: ExpertRule, *, now: datetime) -> bool:
    return bool(rule.is_active) and (rule.expires_at is None or rule.expires_at > now)


def _values(content: RuleContent) -> dict[str, Any]:
    return {_column(part): getattr(content, part) for part in CONTENT_PARTS}


def _column(part: str) -> str:
    return f"{part}_id" if part in {"source_scenario", "review_session"} else part


def _refuse_duplicate(name: str, *, but: tuple[UUID, ...] = ()) -> None:
    """Names differ by more than case: people call rules by them. One name is given at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('expert_rules.name', 0))")
    other = ExpertRule.objects.filter(name__iexact=name).exclude(pk__in=but).first()
    if other is None:
        return
    state = f"the {other.lifecycle} rule" if other.lifecycle != "active" else "the rule"
    raise DuplicateName(f"There is {state} “{other.name}” already. Change that one, or choose another name.")


def _reason(given: str, *, needed: bool = True) -> str:
    try:
        reason = clean_text(given, one_line=True)
    except UnstorableText as error:
        raise ReasonNeeded(f"The reason {error}.") from None
    if needed and not reason:
        raise ReasonNeeded("Say why: the reason stays in the rule’s log.")
    if len(reason) > MAX_CHARS["reason"]:
        raise ReasonNeeded(f"The reason can have {MAX_CHARS['reason']} characters at most.")
    return reason


@contextmanager
def _because(reason: str, *, by: User) -> Iterator[None]:
    """Let the audit trigger read the reason, and no later change of this transaction."""
    actor = _set_reason(reason)
    if actor not in (None, by.pk):
        raise ActsForSomebodyElse(f"the log would name {actor}, not {by.pk}")
    yield
    _set_reason("")


def _set_reason(reason: str) -> UUID | None:
    """Set it until the transaction ends; return whom the log will name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.actor(), set_config('app.change_reason', %s, true)", [reason])
        actor: UUID | None = cursor.fetchone()[0]
    return actor
