"""What is known about the climber, and what a session taught, over HTTP: computed as of now."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.requests import person_of
from climbiq.common.openapi import documented
from climbiq.common.problems import Unavailable
from experts.selectors import NoPriors
from recommendations.domain import model_words
from recommendations.domain.guess_words import guess_sentences
from recommendations.services.knowledge import SessionNotFound, what_is_known, what_it_taught


class PopulationSerializer(serializers.Serializer[object]):
    """Climbers in general, before the climber's own sessions."""

    coefficients = serializers.DictField(child=serializers.FloatField())
    confidence_intervals = serializers.DictField(child=serializers.ListField(child=serializers.FloatField()))


class LevelSerializer(serializers.Serializer[object]):
    """How far the form of late is from the usual quality, points."""

    mean = serializers.FloatField()
    interval_95 = serializers.ListField(child=serializers.FloatField())


class GuessesSerializer(serializers.Serializer[object]):
    """The climber's own forecasts, given before ours was shown, beside ours, over the same rated sessions.

    Ours is what was shown in answer to the guess. Where a rule spoke no number was shown: those sessions are left out.
    """

    sessions = serializers.IntegerField(help_text="How many are compared.")
    sessions_needed = serializers.IntegerField(help_text="Below so many nothing is scored.")
    own_mean_absolute_error = serializers.FloatField(allow_null=True, help_text="Points.")
    our_mean_absolute_error = serializers.FloatField(allow_null=True, help_text="Points.")
    difference = serializers.FloatField(
        allow_null=True,
        help_text="By how many points ours were nearer on average; negative: the climber's own.",
    )
    difference_interval_95 = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    nearer = serializers.ChoiceField(
        choices=["too_few", "undecided", "own", "ours"],
        help_text="Whose were nearer by more than chance.",
    )
    sentences = serializers.ListField(child=serializers.CharField())


class OwnModelSerializer(serializers.Serializer[object]):
    """The columns of `model_outputs`, as of now instead of last night, and what surrounds them.

    Coefficients are points of quality per natural unit of the variable (`/api/v1/variables`); `intercept` is the
    quality on an ordinary day. They are associations, not causes.
    """

    user_id = serializers.UUIDField()
    coefficients = serializers.DictField(child=serializers.FloatField())
    confidence_intervals = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField()), help_text="95 %, lower and upper end."
    )
    sessions_included = serializers.IntegerField()
    phase = serializers.ChoiceField(choices=["cold_start", "learning", "personalized"])
    sessions_to_next_phase = serializers.IntegerField(allow_null=True)
    shrinkage_factor = serializers.FloatField(
        help_text="0: what is known of climbers, 1: entirely the climber's own."
    )
    reliability = serializers.DictField(
        child=serializers.FloatField(), help_text="Share of each coefficient that is the climber's own, 0–1."
    )
    own_sessions = serializers.DictField(
        child=serializers.IntegerField(), help_text="The climber's sessions that speak of each coefficient."
    )
    population = PopulationSerializer()
    level = LevelSerializer()
    noise_sd = serializers.FloatField(help_text="How much sessions differ that look alike, points.")
    guesses = GuessesSerializer()
    model_version = serializers.CharField()
    run_id = serializers.UUIDField(allow_null=True)
    prior_version = serializers.IntegerField()
    last_trained_at = serializers.DateTimeField(
        allow_null=True, help_text="When the population in force was published; null: the priors serve."
    )
    computed_at = serializers.DateTimeField()
    note = serializers.CharField()


class CoefficientChangeSerializer(serializers.Serializer[object]):
    """One coefficient before and after the session."""

    variable = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field's name here, an attribute of it there
    before = serializers.FloatField()
    before_interval_95 = serializers.ListField(child=serializers.FloatField())
    after = serializers.FloatField()
    after_interval_95 = serializers.ListField(child=serializers.FloatField())
    absorbed = serializers.FloatField(help_text="Points of the surprise that its change now explains.")
    why = serializers.CharField()


class TaughtSerializer(serializers.Serializer[object]):
    """What a session taught: expected and observed, before and after."""

    session_id = serializers.UUIDField()
    session_date = serializers.DateField()
    expected = serializers.FloatField(help_text="Of the session as it was done.")
    expected_for_plan = serializers.FloatField(
        allow_null=True,
        help_text="Of the session as planned: as it was shown then, else computed; null where it went as planned.",
    )
    predictive_interval_95 = serializers.ListField(child=serializers.FloatField())
    observed = serializers.FloatField()
    surprise = serializers.FloatField()
    explained = serializers.FloatField(help_text="Points of the surprise that are expected from now on.")
    why = serializers.ChoiceField(choices=["as_expected", "learnt", "noise"])
    sentence = serializers.CharField()
    explanation = serializers.CharField()
    sessions_before = serializers.IntegerField()
    level_before = serializers.FloatField()
    level_after = serializers.FloatField()
    coefficients = CoefficientChangeSerializer(many=True)
    model_version = serializers.CharField()
    note = serializers.CharField()


class OwnModelView(APIView):
    """`users/me/model`."""

    @documented(operation_id="users_me_model", summary="What is known about me", responses=OwnModelSerializer)
    def get(self, request: Request) -> Response:
        """Everything that the model holds of whoever asks; a session logged a second ago counts."""
        user = person_of(request)
        try:
            known = what_is_known(by=user)
        except NoPriors as missing:
            raise Unavailable(str(missing)) from missing
        return Response(
            {
                "user_id": user.pk,
                **known.model.as_payload(),
                "guesses": {
                    **known.guesses.as_payload(),
                    "sentences": guess_sentences(known.guesses),
                },
                "model_version": known.served.version,
                "run_id": known.served.run_id,
                "prior_version": known.served.priors.version,
                "last_trained_at": known.served.published_at,
                "computed_at": timezone.now(),
                "note": model_words.ASSOCIATION,
            }
        )


class SessionTaughtView(APIView):
    """`sessions/{id}/taught`."""

    @documented(operation_id="session_taught", summary="What a session taught", responses=TaughtSerializer)
    def get(self, request: Request, session_id: UUID) -> Response:
        """Compare what is believed with the session and without; 404 also while it has no rating."""
        try:
            lesson = what_it_taught(by=person_of(request), session_id=session_id)
        except SessionNotFound:
            raise NotFound from None
        except NoPriors as missing:
            raise Unavailable(str(missing)) from missing
        if lesson.taught is None:
            raise NotFound("This session has no rating yet: there is nothing to learn from it.")
        return Response(
            {
                "session_id": lesson.session.id,
                "session_date": lesson.session.session_date,
                **lesson.taught.as_payload(),
                "model_version": lesson.served.version,
                "note": model_words.ASSOCIATION,
            }
        )
