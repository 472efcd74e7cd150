"""Writes versions of the population's priors."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from climbiq.domain.literature import LITERATURE_PRIORS, WEAK_PRIORS
from experts.models import PopulationPrior


def load_literature_priors() -> int:
    """Load the literature's priors as the first version; does nothing once there is any version. Returns its size."""
    with transaction.atomic():
        if PopulationPrior.objects.exists():
            return 0
        return publish_priors(
            coefficients={name: dict(prior) for name, prior in (LITERATURE_PRIORS | WEAK_PRIORS).items()},
            notes="Literature only",
        )


def publish_priors(*, coefficients: dict[str, dict[str, Any]], notes: str) -> int:
    """Retire the current version and write the next one, in one transaction."""
    digest = hashlib.sha256(json.dumps(coefficients, sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        newest = PopulationPrior.objects.aggregate(Max("version"))["version__max"] or 0
        PopulationPrior.objects.filter(is_current=True).update(is_current=False)
        rows = [
            _row(name, prior, version=newest + 1, notes=notes, digest=digest)
            for name, prior in coefficients.items()
        ]
        PopulationPrior.objects.bulk_create(rows)
    return len(rows)


def _row(name: str, prior: dict[str, Any], *, version: int, notes: str, digest: str) -> PopulationPrior:
    low, high = prior.get("optimal_range") or (None, None)
    return PopulationPrior(
        variable_name=name,
        population_mean=_exact(prior["population_mean"]),
        population_std=_exact(prior["population_std"]),
        individual_variance=_exact_or_none(prior.get("individual_variance")),
        optimal_min=_exact_or_none(low),
        optimal_max=_exact_or_none(high),
        literature_mean=_exact(prior["population_mean"]),
        literature_std=_exact(prior["population_std"]),
        literature_sources=list(prior.get("sources", [])),
        blend_weights={"literature": 1.0, "expert": 0.0},
        version=version,
        is_current=True,
        notes=notes,
        inputs_hash=digest,
    )


def _exact(value: float) -> Decimal:
    return Decimal(str(value))


def _exact_or_none(value: float | None) -> Decimal | None:
    return None if value is None else _exact(value)
