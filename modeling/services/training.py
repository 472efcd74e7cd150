"""One night's training: read, sample, judge, publish. The specification's asset `trained_model`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.db import DatabaseError, transaction
from django.utils import timezone

from modeling.domain.climber_outputs import ClimberOutput, climber_outputs, summary_of
from modeling.domain.diagnostics import Diagnostics
from modeling.domain.gate import (
    HeldOut,
    Verdict,
    climbers_asked,
    held_out_crps,
    judge,
    prior_predictive_inside,
)
from modeling.domain.gate_report import STATUS_WORDS, diagnostics_as_json, diagnostics_from_json
from modeling.domain.known_then import data_as_known_then
from modeling.domain.learnt import learnt_as_json
from modeling.domain.learnt_rhythms import rhythms_as_json
from modeling.domain.personal import TrainedPopulation
from modeling.domain.priors import HierarchicalPriors
from modeling.domain.second_try import second_try
from modeling.domain.stored_population import DamagedPopulation, as_json, from_json
from modeling.domain.training import FEWEST_CLIMBERS, NotEnoughSessions, fit
from modeling.domain.training_data import TrainingData, training_data
from modeling.domain.training_stages import STAGES
from modeling.models import PopulationPosterior, TrainingRun
from modeling.services.code_version import code_version
from modeling.services.compile_folder import ensure_compile_folder
from modeling.services.publishing import publish
from modeling.services.training_inputs import TrainingInputs, priors_as_json
from modeling.services.training_record import RunRecord, RunWasTaken, bury_interrupted, one_at_a_time

if TYPE_CHECKING:
    from modeling.domain.hierarchical import SamplerSettings

log = logging.getLogger(__name__)

Finishing = Callable[[], AbstractContextManager[dict[str, Any]]]
Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run ended."""

    run_id: UUID
    status: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """One sentence on the end, and why."""
        return " ".join(
            [STATUS_WORDS[self.status], *(f"{reason[0].upper()}{reason[1:]}." for reason in self.reasons)]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What the gate asks beside the sampler's diagnostics."""

    inside: float
    held_out: HeldOut | None


@contextmanager
def one_transaction() -> Iterator[dict[str, Any]]:
    """End a run that no job stands for."""
    with transaction.atomic():
        yield {}


def trained_model(
    *,
    trigger: str,
    requested_by: UUID | None = None,
    job_id: UUID | None = None,
    force: bool = False,
    sampler: SamplerSettings | None = None,
    on_progress: Tell = lambda _progress, _note: None,
    finishing: Finishing = one_transaction,
) -> RunOutcome:
    """Train on everybody's sessions and publish, unless the gate holds it back or nothing is new.

    Nothing of a run shows before its end, which is one transaction. A run that was interrupted after the sampling is
    taken up by the next one, if there is nothing newer to learn from.

    Parameters
    ----------
    trigger
        `schedule`, `button` or `command`.
    force
        Also when nothing is new since what is published.
    sampler
        Other settings than the usual ones.
    on_progress
        Told how far it is, from 0 to 1, and with what; what it raises ends the run.
    finishing
        The transaction that ends the run; it yields a dict for the result.

    Raises
    ------
    TrainingIsRunning
        Another run is at work.
    NoPriors, InvalidPriors
        There is nothing to start from.
    """
    with one_at_a_time():
        record = RunRecord.open(trigger=trigger, requested_by=requested_by, job_id=job_id)
        try:
            return _Run(record, on_progress, finishing).go(force=force, sampler=sampler)
        except BaseException as error:
            _note_failure(record, error)
            raise


class _Run:
    """One run, stage by stage."""

    def __init__(self, record: RunRecord, on_progress: Tell, finishing: Finishing) -> None:
        self.record, self.on_progress, self.finishing = record, on_progress, finishing

    def go(self, *, force: bool, sampler: SamplerSettings | None) -> RunOutcome:
        self._stage("reading")
        inputs = TrainingInputs.read()
        self.record.notes += inputs.notes
        self.record.write(
            inputs_hash=inputs.hash,
            prior_version=inputs.priors.version,
            code_version=code_version(),
            n_climbers=inputs.sessions.n_climbers,
            n_sessions=inputs.sessions.n_sessions,
        )
        interrupted = bury_interrupted(successor=self.record.run_id, inputs_hash=inputs.hash)
        known = _current_version(inputs.hash)
        if known is not None and not force:
            return self._end("nothing_to_do", f"no session, prior or code is new since {known}, which serves")
        self._stage("preparing")
        data = training_data(sessions=inputs.sessions, priors=inputs.believed, elicited=inputs.elicited)
        self.record.write(priors=priors_as_json(data=data, version=inputs.priors.version))
        taken = None if interrupted is None else self._taken_up(interrupted)
        try:
            with nullcontext() if taken else _sampler_loading(data):
                tested = self._tested(data, inputs)
                trained, diagnostics = taken or self._sampled(data, sampler)
        except NotEnoughSessions:
            return self._end("nothing_to_do", inputs.too_few)
        verdict = self._judged(tested, diagnostics)
        if not verdict.publish:
            return self._end("held", *verdict.reasons)
        return self._published(trained, data)

    def _sampled(
        self, data: TrainingData, sampler: SamplerSettings | None
    ) -> tuple[TrainedPopulation, Diagnostics]:
        """Draw from the population's posterior, and store it."""
        from modeling.domain.hierarchical import SamplerSettings

        settings = sampler or SamplerSettings()

        def again(diagnostics: Diagnostics) -> SamplerSettings | None:
            second = second_try(diagnostics=diagnostics, settings=settings) if sampler is None else None
            if second is None:
                return None
            self.record.notes.append(second[1])
            return second[0]

        result = fit(
            data=data.grouped, priors=data.priors, sampler=settings, again=again, on_stage=self._stage
        )
        if result.diagnostics is None:
            raise AssertionError("the sampler always says how it went")
        diagnostics = result.diagnostics
        self.record.notes += result.notes
        self.record.write(
            status="sampled",
            sampled=as_json(trained=result.population),
            learnt=learnt_as_json(draws=result.all_draws)
            | {"time": rhythms_as_json(profiled=result.drift, rhythms=result.population.rhythms)},
            diagnostics=diagnostics_as_json(diagnostics=diagnostics),
            notes=self.record.notes,
        )
        return result.population, diagnostics

    def _taken_up(self, interrupted: TrainingRun) -> tuple[TrainedPopulation, Diagnostics] | None:
        """What an interrupted run drew; None where it cannot be read."""
        try:
            trained = from_json(stored=interrupted.sampled or {})
            diagnostics = diagnostics_from_json(stored=interrupted.diagnostics or {})
        except (DamagedPopulation, KeyError) as error:
            self.record.notes.append(f"what run {interrupted.pk} had drawn could not be read ({error})")
            return None
        self.record.notes += [
            *interrupted.notes,
            f"took up what run {interrupted.pk} had drawn before it was interrupted",
        ]
        self.record.write(
            status="sampled",
            sampled=interrupted.sampled,
            learnt=interrupted.learnt,
            diagnostics=interrupted.diagnostics,
            notes=self.record.notes,
        )
        return trained, diagnostics

    def _tested(self, data: TrainingData, inputs: TrainingInputs) -> Tested:
        """Try the model on sessions it has not seen, gaps filled as on their day, while the sampler is loaded."""
        self._stage("testing forecasts")
        asked = climbers_asked(counts=np.diff(inputs.sessions.start))
        known_then, priors = data_as_known_then(
            sessions=inputs.sessions.of_climbers(which=asked),
            priors=inputs.believed,
            elicited=inputs.elicited,
        )
        return Tested(
            inside=prior_predictive_inside(priors=data.priors, design=data.grouped.design),
            held_out=held_out_crps(data=known_then, priors=priors),
        )

    def _judged(self, tested: Tested, diagnostics: Diagnostics) -> Verdict:
        self.record.write(
            diagnostics=diagnostics_as_json(diagnostics=diagnostics) | {"prior_inside": tested.inside},
            held_out=None if tested.held_out is None else asdict(tested.held_out),
        )
        return judge(diagnostics=diagnostics, inside=tested.inside, held_out=tested.held_out)

    def _published(self, trained: TrainedPopulation, data: TrainingData) -> RunOutcome:
        self._stage("climbers")
        outputs: list[ClimberOutput] = []
        n_climbers = data.grouped.n_groups
        for output in climber_outputs(trained=trained, data=data):
            outputs.append(output)
            if len(outputs) % 100 == 0:
                self._report("climbers", "publishing", len(outputs) / n_climbers)
        self._stage("publishing")
        version = f"{timezone.now():%Y-%m-%d}-{self.record.run_id.hex[:8]}"
        written = 0

        def on_climbers(more: int) -> None:
            nonlocal written
            written += more
            self._report("publishing", None, written / n_climbers)

        with self.finishing() as result:
            publish(
                run_id=self.record.run_id,
                model_version=version,
                trained=trained,
                outputs=outputs,
                seconds=self.record.seconds,
                on_climbers=on_climbers,
            )
            self.record.end(status="published", model_version=version, climbers=summary_of(outputs=outputs))
            return self._told("published", (), result)

    def _end(self, status: str, *reasons: str) -> RunOutcome:
        with self.finishing() as result:
            self.record.end(status=status, reasons=reasons)
            return self._told(status, reasons, result)

    def _told(self, status: str, reasons: tuple[str, ...], result: dict[str, Any]) -> RunOutcome:
        outcome = RunOutcome(
            run_id=self.record.run_id, status=status, reasons=reasons, notes=tuple(self.record.notes)
        )
        result.update(training_run=str(outcome.run_id), status=status, outcome=outcome.words)
        return outcome

    def _stage(self, name: str) -> None:
        self.record.stage(name, progress=STAGES[name])
        self.on_progress(STAGES[name], name)

    def _report(self, stage: str, following: str | None, share: float) -> None:
        end = 1.0 if following is None else STAGES[following]
        self.on_progress(STAGES[stage] + share * (end - STAGES[stage]), stage)


@contextmanager
def _sampler_loading(data: TrainingData) -> Iterator[None]:
    """Import and compile the sampler in a thread of its own: ten seconds that the other stages use too."""
    if data.grouped.n_groups < FEWEST_CLIMBERS:
        raise NotEnoughSessions
    with ThreadPoolExecutor(1, thread_name_prefix="sampler") as threads:
        loading = threads.submit(_load_sampler, data.priors)
        yield
        loading.result()


def _load_sampler(priors: HierarchicalPriors) -> None:
    ensure_compile_folder()
    from modeling.domain.hierarchical import compiled_for

    compiled_for(priors=priors)


def _current_version(inputs: str) -> str | None:
    """The name of the population in force, if it came from these inputs."""
    return (
        PopulationPosterior.objects.filter(is_current=True, run__inputs_hash=inputs)
        .values_list("model_version", flat=True)
        .first()
    )


def _note_failure(record: RunRecord, error: BaseException) -> None:
    """Write why the run failed; draws that are stored already stay, for the next run to take up."""
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    try:
        run = TrainingRun.objects.filter(pk=record.run_id).values_list("status", flat=True).first()
        if run == "running":
            record.end(status="failed", reasons=(reason,))
        elif run == "sampled":
            record.write(reasons=[reason])
    except (DatabaseError, RunWasTaken) as second:
        log.warning("training run %s: its failure could not be recorded: %s", record.run_id, second)
