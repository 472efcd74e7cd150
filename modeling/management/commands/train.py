from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from modeling.domain.gate_report import checks
from modeling.domain.training_stages import in_order
from modeling.models import TrainingRun

GOOD: Final = ("published", "nothing_to_do")
_STEPS: Final = 1000


class Command(BaseCommand):
    help = (
        "Train the hierarchical model on everybody's sessions now, and publish it if the gate lets it. "
        "Exit code 1 when the run was held back or failed."
    )
    requires_system_checks = ()  # they import every page there is

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="also when nothing is new since the last time"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # The compiler stays out of every other command.
        from experts.selectors import NoPriors
        from modeling.domain.priors import InvalidPriors
        from modeling.services.training import trained_model
        from modeling.services.training_record import TrainingIsRunning

        with _bar() as bar:

            def on_progress(progress: float, note: str) -> None:
                bar.set_description(note)
                bar.update(round(progress * _STEPS) - bar.n)

            try:
                outcome = trained_model(trigger="command", force=options["force"], on_progress=on_progress)
            except (TrainingIsRunning, NoPriors, InvalidPriors) as error:
                raise CommandError(f"{str(error)[0].upper()}{str(error)[1:]}.") from error
            bar.update(_STEPS - bar.n)
        self._tell(TrainingRun.objects.get(pk=outcome.run_id))
        self.stdout.write(outcome.words)
        if outcome.status not in GOOD:
            sys.exit(1)

    def _tell(self, run: TrainingRun) -> None:
        self.stdout.write(f"{run.n_climbers:,} climbers, {run.n_sessions:,} sessions; run {run.pk}")
        for check in checks(diagnostics=run.diagnostics, held_out=run.held_out):
            mark = {True: "ok", False: "NO", None: "–"}[check.passed]
            self.stdout.write(f"  {mark:<3}{check.what}: {check.measured} (wanted: {check.wanted})")
        spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in in_order(durations=run.durations))
        self.stdout.write(f"{spent}; together {sum(run.durations.values()):.1f} s")
        for note in run.notes:
            self.stdout.write(f"Note: {note}")


def _bar() -> tqdm[Any]:
    return tqdm(
        total=_STEPS,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
        leave=False,
        bar_format="{desc:<20} {bar} {percentage:3.0f} % {elapsed}",
    )
