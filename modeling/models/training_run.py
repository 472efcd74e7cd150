from __future__ import annotations

from django.conf import settings
from django.db import models

from climbiq.common.fields import one_of, readable_times, reference, time_stamp, uuid_key
from climbiq.common.personal_data import PersonalData

TABLE = "training_runs"


class TrainingRun(models.Model):
    """One attempt to train the hierarchical model: what it read, how it went, what was decided and why.

    Once it has ended it is never changed again: the database refuses it.
    """

    class Status(models.TextChoices):
        RUNNING = "running", "Running"
        SAMPLED = "sampled", "Sampled, not yet judged"
        PUBLISHED = "published", "Published"
        HELD = "held", "Held back"
        FAILED = "failed", "Failed"
        NOTHING_TO_DO = "nothing_to_do", "Nothing to do"

    class Trigger(models.TextChoices):
        SCHEDULE = "schedule", "Schedule"
        BUTTON = "button", "Button"
        COMMAND = "command", "Command"

    id = uuid_key()
    job_id = models.UUIDField(null=True, blank=True)
    requested_by = reference(settings.AUTH_USER_MODEL, column="requested_by", null=True, related_name="+")
    trigger = models.TextField(choices=Trigger.choices)
    status = models.TextField(choices=Status.choices, db_default="running")
    stage = models.TextField(blank=True, default="", db_default="")
    progress = models.FloatField(default=0.0, db_default=0.0)

    inputs_hash = models.TextField(blank=True, default="", db_default="")
    prior_version = models.IntegerField(null=True, blank=True)
    code_version = models.TextField(blank=True, default="", db_default="")
    model_version = models.TextField(blank=True, default="", db_default="")
    n_climbers = models.IntegerField(null=True, blank=True)
    n_sessions = models.IntegerField(null=True, blank=True)
    started_at = time_stamp()
    finished_at = time_stamp(db_default=False)

    durations = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    diagnostics = models.JSONField(null=True, blank=True)
    held_out = models.JSONField(null=True, blank=True)
    reasons = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    notes = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    priors = models.JSONField(null=True, blank=True)
    # What the sampler gave, kept so that an interrupted run, or a look at a held one, need not sample again.
    sampled = models.JSONField(null=True, blank=True)
    # Means and quantiles over all draws: what the run's page shows of it.
    learnt = models.JSONField(null=True, blank=True)
    # Climbers by phase, and how personal their coefficients are: numbers of nobody.
    climbers = models.JSONField(null=True, blank=True)

    personal_data = PersonalData(
        what="training runs of the model that you asked for",
        people=("requested_by",),
        fate="kept",
        why="what was published stands on them; they name you only by the key of your account",
        withheld={
            "sampled": "many numbers about climbers in general, and about nobody in particular",
            "learnt": "numbers about climbers in general, and about nobody in particular",
        },
    )

    class Meta:
        db_table = TABLE
        ordering = ["-started_at"]
        constraints = [
            one_of(
                "status",
                ["running", "sampled", "published", "held", "failed", "nothing_to_do"],
                table=TABLE,
            ),
            one_of("trigger", ["schedule", "button", "command"], table=TABLE),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True, status__in=["running", "sampled"])
                | models.Q(
                    finished_at__isnull=False, status__in=["published", "held", "failed", "nothing_to_do"]
                ),
                name="training_runs_finished_at_its_end",
            ),
            models.CheckConstraint(
                condition=models.Q(progress__range=(0.0, 1.0)), name="training_runs_progress_check"
            ),
            models.UniqueConstraint(
                fields=["model_version"],
                condition=~models.Q(model_version=""),
                name="training_runs_model_version",
            ),
            *readable_times("started_at", "finished_at", table=TABLE),
        ]
        indexes = [models.Index(fields=["-started_at"], name="training_runs_started")]

    def __str__(self) -> str:
        return f"training of {self.started_at:%Y-%m-%d %H:%M}" if self.started_at else "training"
