"""What each event of a recommendation carries, typed: the same payloads in the stream and in the JSON answer."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from climbiq.common.openapi import described_as
from climbiq.domain.vocabularies import OVERRIDE_RECOMMENDATIONS

_PHASES: Final = ["cold_start", "learning", "personalized"]


@described_as({"type": ["number", "string", "null"]})
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """A dose as a number, a kind of session as a word, or null where nothing was said."""


def _interval(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2, **kwargs)


def _texts(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), **kwargs)


class Payload(serializers.Serializer[object]):
    """Base of what an event carries."""

    v = serializers.ChoiceField(choices=[1], help_text="Version of the payloads.")


class MetaSerializer(Payload):
    """Who and what, without a byte of the prediction."""

    generated_at = serializers.DateTimeField()
    n_sessions = serializers.IntegerField(help_text="The climber's own sessions that were learnt from.")
    phase = serializers.ChoiceField(choices=_PHASES)
    rules_version = serializers.IntegerField()
    prior_version = serializers.IntegerField()
    model_version = serializers.CharField()
    own_forecast = serializers.FloatField(allow_null=True)


class TracedRuleSerializer(serializers.Serializer[object]):
    """A rule that matched, or that could not be evaluated."""

    rule_id = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=["true", "not_evaluable"])
    missing = _texts(help_text="Fields that would have decided it.")


class QuestionSerializer(serializers.Serializer[object]):
    """What a safety rule needs to know."""

    field = serializers.CharField()
    sentence = serializers.CharField()


class RuleTraceSerializer(Payload):
    """What the rules said, before any model work."""

    n_rules = serializers.IntegerField()
    n_false = serializers.IntegerField()
    rules = TracedRuleSerializer(many=True)
    questions = QuestionSerializer(many=True)


class RuleActionSerializer(serializers.Serializer[object]):
    """One action of a rule; which parts it has goes by its type."""

    type = serializers.ChoiceField(choices=["override", "suppress", "modify_coefficient", "message"])
    recommendation = serializers.ChoiceField(choices=list(OVERRIDE_RECOMMENDATIONS), required=False)
    message = serializers.CharField(required=False)
    target = serializers.CharField(required=False)
    multiplier = serializers.FloatField(required=False)


class RuleOverrideSerializer(Payload):
    """A rule speaks instead of the model."""

    rule_id = serializers.UUIDField()
    rule_name = serializers.CharField()
    rule_version = serializers.IntegerField()
    recommendation = serializers.ChoiceField(choices=list(OVERRIDE_RECOMMENDATIONS))
    label = serializers.CharField()  # type: ignore[assignment]  # a field's name here, an attribute of it there
    message = serializers.CharField()
    messages = _texts(help_text="What other matching rules say besides.")
    notices = _texts(help_text="Warnings to show first.")
    actions = RuleActionSerializer(many=True)
    source = serializers.ChoiceField(choices=["expert_rule"])  # type: ignore[assignment]  # as above


class AdjustingRuleSerializer(serializers.Serializer[object]):
    """A matching rule that bypasses nothing."""

    rule_id = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    actions = RuleActionSerializer(many=True)


class RuleAdjustmentsSerializer(Payload):
    """What rules change in the model's advice."""

    rules = AdjustingRuleSerializer(many=True)
    suppressed = _texts(help_text="Variables without advice.")
    multipliers = serializers.DictField(child=serializers.FloatField())
    messages = _texts()


class ContributionSerializer(serializers.Serializer[object]):
    """What one condition adds: points = coefficient × dose."""

    variable = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    value = ValueField()
    centred_dose = serializers.FloatField()
    coefficient = serializers.FloatField()
    points = serializers.FloatField()
    missing = serializers.BooleanField()
    assumed = serializers.ChoiceField(choices=["", "own_mean", "reference", "untrained"])


class ProvenanceSerializer(serializers.Serializer[object]):
    """Where what is known beside the climber's own sessions comes from."""

    trained = serializers.BooleanField(help_text="A published model learned it from everybody's sessions.")
    literature = serializers.BooleanField(help_text="Studies stand behind the prior.")
    coach_scenarios = serializers.IntegerField(
        min_value=0, help_text="Scenarios that coaches judged for it; 0: no coach has spoken."
    )


class PredictionSerializer(Payload):
    """How good the session is likely to be."""

    expected_quality = serializers.FloatField(min_value=1, max_value=10)
    confidence_interval = _interval(help_text="The predictive interval, under its first name.")
    predictive_interval_95 = _interval(help_text="Where the session itself falls in 19 of 20 cases.")
    mean_interval_95 = _interval(help_text="Where its expectation lies, with 95 %.")
    sigma = serializers.FloatField()
    phase = serializers.ChoiceField(choices=_PHASES)
    n_sessions = serializers.IntegerField()
    intercept = serializers.FloatField()
    level = serializers.FloatField()
    contributions = ContributionSerializer(many=True)
    missing = _texts()
    population = ProvenanceSerializer()


class FlipSerializer(serializers.Serializer[object]):
    """What would turn a tip."""

    kind = serializers.ChoiceField(choices=["rule", "dose_limit", "optimum", "interaction", "uncertainty"])
    variable = serializers.CharField()
    threshold = ValueField()
    direction = serializers.ChoiceField(choices=["at_least", "at_most", "is"])
    sentence = serializers.CharField()
    sessions = serializers.IntegerField()
    at_value = ValueField()


class BasisSerializer(serializers.Serializer[object]):
    """What a tip rests on."""

    own_sessions = serializers.IntegerField()
    reliability = serializers.FloatField(min_value=0, max_value=1)
    population_share = serializers.FloatField(min_value=0, max_value=1)
    population = ProvenanceSerializer()


class TipSerializer(serializers.Serializer[object]):
    """One change that the climber can still make."""

    index = serializers.IntegerField()
    variable = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    action = serializers.ChoiceField(choices=["increase", "decrease", "choose"])
    current_value = ValueField()
    compared_with = ValueField()
    recommended_value = ValueField()
    unit = serializers.CharField(allow_blank=True)
    gain = serializers.FloatField()
    gain_interval_95 = _interval()
    probability_of_gain = serializers.FloatField(min_value=0, max_value=1)
    expected_quality_before = serializers.FloatField(min_value=1, max_value=10)
    expected_quality_after = serializers.FloatField(min_value=1, max_value=10)
    flips = FlipSerializer(many=True)
    basis = BasisSerializer()
    caveats = _texts()


class RecommendationsSerializer(Payload):
    """The best three, or that there is nothing to change."""

    items = TipSerializer(many=True)
    nothing_to_change = serializers.BooleanField()
    sentence = serializers.CharField(allow_blank=True)
    notices = _texts(help_text="Warnings to show first.")


class WordedTipSerializer(TipSerializer):
    """A tip with its words, as far as they are written."""

    text = serializers.CharField(required=False)
    source = serializers.ChoiceField(choices=["claude", "template"], required=False)  # type: ignore[assignment]


class WordedRecommendationsSerializer(RecommendationsSerializer):
    """The same, with the tips' words."""

    items = WordedTipSerializer(many=True)


class ConditionComparedSerializer(serializers.Serializer[object]):
    """Today's condition beside other climbers'."""

    user_value = serializers.FloatField()
    pop_mean = serializers.FloatField()
    pop_std = serializers.FloatField()
    z_score = serializers.FloatField()
    percentile = serializers.FloatField(min_value=0, max_value=100)
    descriptor = serializers.CharField()
    source = serializers.ChoiceField(choices=["climbers", "registry"])  # type: ignore[assignment]  # as above
    method = serializers.ChoiceField(choices=["mid_rank", "normal"])
    n_climbers = serializers.IntegerField(allow_null=True)


class ResponseComparedSerializer(serializers.Serializer[object]):
    """How strongly the climber responds, beside others."""

    user_coefficient = serializers.FloatField()
    pop_mean = serializers.FloatField()
    pop_std = serializers.FloatField()
    z_score = serializers.FloatField(allow_null=True)
    percentile = serializers.FloatField(min_value=0, max_value=100)
    probability_stronger = serializers.FloatField(min_value=0, max_value=1)
    descriptor = serializers.CharField()
    source = serializers.ChoiceField(choices=["climbers", "prior"])  # type: ignore[assignment]  # as above
    method = serializers.ChoiceField(choices=["mid_rank", "normal"])
    n_climbers = serializers.IntegerField(allow_null=True)


class OwnDifference(serializers.Serializer[object]):
    """Base of comparisons among the climber's own sessions."""

    difference = serializers.FloatField(allow_null=True)
    difference_interval_95 = _interval(allow_null=True)


class HighStressSerializer(OwnDifference):
    """Own sessions with stress of 4 and more."""

    n_sessions = serializers.IntegerField()
    avg_quality_project = serializers.FloatField(allow_null=True)
    avg_quality_volume = serializers.FloatField(allow_null=True)
    n_project = serializers.IntegerField()
    n_volume = serializers.IntegerField()


class CaffeineSerializer(OwnDifference):
    """Own sessions with at least 200 mg of caffeine against those with less than 50."""

    high_caffeine_avg = serializers.FloatField(allow_null=True)
    low_caffeine_avg = serializers.FloatField(allow_null=True)
    n_high = serializers.IntegerField()
    n_low = serializers.IntegerField()


class StatsSerializer(Payload):
    """Comparisons; a key is there only where there is something to compare."""

    sleep_hours_population = ConditionComparedSerializer(required=False)
    stress_level_population = ConditionComparedSerializer(required=False)
    energy_level_population = ConditionComparedSerializer(required=False)
    caffeine_mg_response = ResponseComparedSerializer(required=False)
    sleep_hours_response = ResponseComparedSerializer(required=False)
    stress_level_response = ResponseComparedSerializer(required=False)
    personal_high_stress = HighStressSerializer(required=False)
    personal_caffeine = CaffeineSerializer(required=False)


class NlgStartSerializer(Payload):
    """Words of a tip begin; with `restart` what was shown of them is taken back."""

    index = serializers.IntegerField()
    restart = serializers.BooleanField(required=False)


class NlgChunkSerializer(Payload):
    """One whole sentence."""

    index = serializers.IntegerField()
    text = serializers.CharField()


class NlgCompleteSerializer(NlgChunkSerializer):
    """The whole text of a tip."""

    source = serializers.ChoiceField(choices=["claude", "template"])  # type: ignore[assignment]  # as above
    fallback = serializers.BooleanField()


class DoneSerializer(Payload):
    """Nothing follows."""


class FailedSerializer(Payload):
    """A problem document; `done` follows."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()


PAYLOADS: Final[dict[str, type[Payload]]] = {
    "meta": MetaSerializer,
    "rule_trace": RuleTraceSerializer,
    "rule_override": RuleOverrideSerializer,
    "rule_adjustments": RuleAdjustmentsSerializer,
    "prediction": PredictionSerializer,
    "recommendations": RecommendationsSerializer,
    "stats": StatsSerializer,
    "nlg_start": NlgStartSerializer,
    "nlg_chunk": NlgChunkSerializer,
    "nlg_complete": NlgCompleteSerializer,
    "done": DoneSerializer,
    "error": FailedSerializer,
}
