"""Rules and priors over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.permissions import IsCoach, TokenScope
from climbiq.accounts.requests import person_of
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import OpenApiParameter, documented
from climbiq.common.pagination import NewestFirst
from climbiq.common.parsers import body_of
from climbiq.common.problems import Conflict, Unprocessable
from experts.api.published import (
    CurrentPriorsSerializer,
    RuleGrammarSerializer,
    published_grammar,
    published_priors,
)
from experts.api.serializers import (
    LifecycleSerializer,
    RuleChangeSerializer,
    RuleCreateSerializer,
    RuleLogSerializer,
    RuleSerializer,
    SupersedeSerializer,
)
from experts.domain.rules.faults import InvalidRule
from experts.domain.rules.words import LIFECYCLES, RULE_CATEGORIES
from experts.models import ExpertRule
from experts.selectors import as_log_entries, current_priors, rule_log_rows
from experts.services import rule_refusals as refusals
from experts.services.rules import change_lifecycle, create_rule, supersede_rule, update_rule

FILTERS: Final = {"lifecycle": LIFECYCLES, "rule_category": RULE_CATEGORIES}
RETIRED_BY_DELETE: Final = "Deleted over the API, which retires it."
REASON: Final = OpenApiParameter(name="reason", description="Why. It stays in the rule's log.")


class CoachView(APIView):
    """Addresses that only coaches use."""

    permission_classes = [IsAuthenticated, TokenScope, IsCoach]


class RulesView(CoachView):
    """All rules, and new ones."""

    pagination_class = NewestFirst

    @documented(
        operation_id="rules",
        parameters=[OpenApiParameter(name=name, enum=list(words)) for name, words in FILTERS.items()],
        responses=RuleSerializer(many=True),
        summary="Rules, newest first",
    )
    def get(self, request: Request) -> Response:
        """A page of them."""
        pages = self.pagination_class()
        rules = pages.paginate_queryset(_filtered(request), request, self)
        return pages.get_paginated_response(RuleSerializer(rules, many=True).data)

    @documented(
        operation_id="rules_create",
        request=RuleCreateSerializer,
        responses={201: RuleSerializer},
        summary="Write a rule; it starts as a draft",
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Store it."""
        serializer = RuleCreateSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        with refusals_as_problems():
            rule = create_rule(
                by=person_of(request),
                content=serializer.content(),
                now=timezone.now(),
                reason=serializer.validated_data.get("reason", ""),
            )
        where = reverse("api_rule", args=[rule.pk])
        return Response(RuleSerializer(rule).data, status.HTTP_201_CREATED, headers={"Location": where})


class RuleView(CoachView):
    """One rule."""

    @documented(operation_id="rule", responses=RuleSerializer, summary="A rule")
    def get(self, request: Request, rule_id: UUID) -> Response:
        """As it is now."""
        del request
        return Response(RuleSerializer(_rule(rule_id)).data)

    @documented(
        operation_id="rule_change",
        request=RuleChangeSerializer(partial=True),
        responses=RuleSerializer,
        summary="Change parts of a rule",
    )
    @idempotent
    def patch(self, request: Request, rule_id: UUID) -> Response:
        """Change what is given and leave the rest."""
        serializer = RuleChangeSerializer(data=body_of(request), partial=True)
        serializer.is_valid(raise_exception=True)
        with refusals_as_problems():
            rule = update_rule(
                by=person_of(request),
                rule_id=rule_id,
                changes=serializer.changes(),
                reason=serializer.validated_data["reason"],
                now=timezone.now(),
                revision=serializer.validated_data.get("revision"),
            )
        return Response(RuleSerializer(rule).data)

    @documented(
        operation_id="rule_retire",
        parameters=[REASON],
        responses=RuleSerializer,
        summary="Retire a rule: none is ever deleted",
    )
    @idempotent
    def delete(self, request: Request, rule_id: UUID) -> Response:
        """Retire it; once more is no error."""
        with refusals_as_problems():
            rule = change_lifecycle(
                by=person_of(request),
                rule_id=rule_id,
                to="retired",
                reason=request.query_params.get("reason") or RETIRED_BY_DELETE,
            )
        return Response(RuleSerializer(rule).data)


class RuleLifecycleView(CoachView):
    """Steps of a rule's life."""

    @documented(
        operation_id="rule_lifecycle",
        request=LifecycleSerializer,
        responses=RuleSerializer,
        summary="Activate, pause, shadow, retire a rule, or take it back to draft",
    )
    @idempotent
    def post(self, request: Request, rule_id: UUID) -> Response:
        """Take one step."""
        serializer = LifecycleSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        with refusals_as_problems():
            rule = change_lifecycle(by=person_of(request), rule_id=rule_id, **serializer.validated_data)
        return Response(RuleSerializer(rule).data)


class RuleSupersedeView(CoachView):
    """One rule in another one's place."""

    @documented(
        operation_id="rule_supersede",
        request=SupersedeSerializer,
        responses=RuleSerializer,
        summary="Let another rule take this one's place, or take that back",
    )
    @idempotent
    def post(self, request: Request, rule_id: UUID) -> Response:
        """From now on this one never matches."""
        serializer = SupersedeSerializer(data=body_of(request))
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        with refusals_as_problems():
            rule = supersede_rule(
                by=person_of(request),
                rule_id=rule_id,
                successor_id=given["successor"],
                reason=given["reason"],
                now=timezone.now(),
                revision=given.get("revision"),
            )
        return Response(RuleSerializer(rule).data)


class RuleAuditView(CoachView):
    """A rule's log."""

    pagination_class = NewestFirst

    @documented(
        operation_id="rule_audit",
        responses=RuleLogSerializer(many=True),
        summary="Who changed a rule, and why",
    )
    def get(self, request: Request, rule_id: UUID) -> Response:
        """A page of it, newest first."""
        rule = _rule(rule_id)
        pages = self.pagination_class()
        rows = pages.paginate_queryset(rule_log_rows().filter(rule=rule), request, self) or []
        return pages.get_paginated_response(RuleLogSerializer(as_log_entries(rows), many=True).data)


class RuleGrammarView(CoachView):
    """What rules can say."""

    @documented(operation_id="rule_fields", responses=RuleGrammarSerializer, summary="Fields and operators")
    def get(self, request: Request) -> Response:
        """Publish it."""
        del request
        return Response(published_grammar())


class CurrentPriorsView(APIView):
    """The population's priors: shared knowledge, nobody's data."""

    @documented(
        operation_id="priors_current", responses=CurrentPriorsSerializer, summary="The priors in force"
    )
    def get(self, request: Request) -> Response:
        """With version, sources and weights."""
        del request
        return Response(published_priors(current_priors()))


@contextmanager
def refusals_as_problems() -> Iterator[None]:
    """Answer what the services refuse: 400 at the field, 404, 409 or 422."""
    try:
        yield
    except InvalidRule as invalid:
        errors: dict[str, list[str]] = {}
        for fault in invalid.faults:
            errors.setdefault(fault.path, []).append(fault.message)
        raise ValidationError(errors) from invalid
    except refusals.RuleNotFound:
        raise NotFound from None
    except (refusals.DuplicateName, refusals.ReasonNeeded, refusals.ImpossibleSuccessor) as refused:
        raise ValidationError({refused.field: [str(refused)]}) from refused
    except refusals.RuleConflict as refused:
        raise Conflict(str(refused)) from refused
    except refusals.RuleRefused as refused:
        raise Unprocessable(str(refused)) from refused


def _filtered(request: Request) -> QuerySet[ExpertRule]:
    rules = ExpertRule.objects.all()
    for name, words in FILTERS.items():
        word = request.query_params.get(name)
        if word is None:
            continue
        if word not in words:
            raise ValidationError({name: [f"Must be one of: {', '.join(words)}."]})
        rules = rules.filter(**{name: word})
    return rules


def _rule(rule_id: UUID) -> ExpertRule:
    rule = ExpertRule.objects.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound
    return rule
