"""Eleven thousand real person-days, loaded by the command; one person's recommendation, worked out by hand."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest

from tests.factories.sse import parse_events
from tests.fixtures.database import superuser_url

DIARY = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "soccermon_team_a.csv"
PERSON = "teama-01@diary.invalid"
TODAY = {"sleep_hours": 6.0, "sleep_quality": 2, "stress_level": 4, "energy_level": 2, "caffeine_mg": 0}
# The columns of the model, each with its reference and the dose beyond which more adds nothing.
REFERENCE = {
    "sleep_hours": (7.5, 9), "sleep_quality": (3, None), "days_since_hard_session": (2, 4),
    "caffeine_mg": (100, 300), "stress_level": (3, None), "energy_level": (3, None),
    "warmup_duration_min": (15, 30), "soreness_level": (2, None), "motivation_level": (3, None),
}  # fmt: skip
COLUMNS = {"caffeine_mg": "planned_caffeine_mg", "warmup_duration_min": "planned_warmup_min"}

pytestmark = pytest.mark.shared


def dose(name: str, value: float) -> float:
    """min(value, optimal maximum) relative to the same of the reference."""
    reference, most = REFERENCE[name]
    cap = math.inf if most is None else most
    return min(value, cap) - min(reference, cap)


def test_a_recommendation_from_the_stored_priors_by_hand(site):
    if not DIARY.exists():
        pytest.skip("the diary does not lie beside this checkout")
    started = time.monotonic()
    site.manage("import_diary", str(DIARY))
    assert time.monotonic() - started < 60
    with psycopg.connect(superuser_url(site.database)) as database:
        counted = database.execute("SELECT count(*), count(DISTINCT user_id) FROM sessions").fetchone()
        assert counted == (10_985, 27)
    site.manage("import_diary", str(DIARY))
    with psycopg.connect(superuser_url(site.database)) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (10_985,)
    token = re.search(r"ciq_\w+", site.manage("issue_token", PERSON)).group(0)

    address = site.start()
    with httpx.stream(
        "POST",
        f"{address}/api/v1/recommendations/pre-session",
        json={
            "current_conditions": {**TODAY, "days_since_hard_session": None, "days_since_last_session": None}
        },
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    ) as response:
        assert response.status_code == 200
        events = list(parse_events(response.iter_lines()))

    names = [e.event for e in events]
    assert names[:5] == ["meta", "rule_trace", "prediction", "recommendations", "stats"]
    assert names[-1] == "done"
    assert set(names[5:-1]) == {"nlg_start", "nlg_chunk", "nlg_complete"}
    assert [e.seq for e in events] == list(range(1, len(events) + 1))

    with psycopg.connect(superuser_url(site.database)) as database:
        expected = by_hand(database)
    prediction = events[2].data
    assert prediction["phase"] == "personalized"
    assert prediction["expected_quality"] == pytest.approx(expected["mean"], abs=0.051)
    assert prediction["predictive_interval_95"] == pytest.approx(expected["predictive"], abs=0.051)
    assert prediction["mean_interval_95"] == pytest.approx(expected["credible"], abs=0.051)
    caffeine = next(tip for tip in events[3].data["items"] if tip["variable"] == "caffeine_mg")
    check_gain(caffeine, expected)
    check_own_plan(caffeine, expected)
    check_sessions_to_come(caffeine, expected)


def check_gain(tip: dict, expected: dict) -> None:
    """Δf b ~ N(Δf m_b, Δf² C_bb); P(gain > 0) = Φ(m / s)."""
    assert tip["current_value"] == TODAY["caffeine_mg"] == 0
    change = dose("caffeine_mg", tip["recommended_value"]) - dose("caffeine_mg", 0)
    gain, sd = change * expected["gain_per_mg"], change * expected["gain_sd_per_mg"]
    assert tip["gain"] == pytest.approx(gain, abs=0.0051)
    assert tip["gain_interval_95"] == pytest.approx([gain - 1.959964 * sd, gain + 1.959964 * sd], abs=0.0051)
    assert tip["probability_of_gain"] == pytest.approx(
        (1 + math.erf(gain / sd / math.sqrt(2))) / 2, abs=0.0051
    )


def check_own_plan(tip: dict, expected: dict) -> None:
    """The first whole mg from which less than a tenth of a point is left to gain."""
    flip = next(flip for flip in tip["flips"] if flip["variable"] == "caffeine_mg")
    edge = tip["recommended_value"] - 0.1 / expected["gain_per_mg"]
    assert (flip["threshold"], flip["direction"]) == (math.floor(edge) + 1, "at_least")


def check_sessions_to_come(tip: dict, expected: dict) -> None:
    """The fewest sessions, and the rating, after which P < 0.6: m' = z s' with z = Φ⁻¹(0.6).

    m' = m + c (y - x'm) / (v + sigma²/k),   s'² = s² - c² / (v + sigma²/k)
    """
    mean, sd = expected["gain_per_mg"], expected["gain_sd_per_mg"]
    found = []
    for order, planned in enumerate((tip["recommended_value"], 0.0)):
        centre, variance, shared = expected["moments"](planned)
        for k in range(1, 6) if shared else ():  # at the reference dose a session says nothing of the slope
            total = variance + expected["noise"] / k
            left = math.sqrt(sd**2 - shared**2 / total)
            rating = centre + (0.2533471 * left - mean) * total / shared
            if shared > 0 and math.ceil(rating) - 1 >= 1:
                found.append((k, order, min(math.ceil(rating) - 1, 10), "at_most", planned))
            elif shared < 0 and math.floor(rating) + 1 <= 10:
                found.append((k, order, max(math.floor(rating) + 1, 1), "at_least", planned))
    told = [
        (flip["sessions"], flip["threshold"], flip["direction"], flip["at_value"])
        for flip in tip["flips"]
        if flip["kind"] == "uncertainty"
    ]
    assert told == [(k, rating, side, planned) for k, _, rating, side, planned in sorted(found)[:1]]


def by_hand(database: psycopg.Connection) -> dict[str, Any]:
    """theta | y ~ N(C (X'R⁻¹y/s² + V⁻¹m), C), C = (X'R⁻¹X/s² + V⁻¹)⁻¹, from the rows as they lie in the tables.

    R = I + K, K_ij = v 2^(-|t_i - t_j| / half-life): the drifting level is one more normal, that of today correlated
    with each past session's by k_i = v 2^(-(today - t_i) / half-life); it is worked out densely, without a filter.
    """
    priors = {
        name: (float(mean), float(sd), float(individual))
        for name, mean, sd, individual in database.execute(
            "SELECT variable_name, population_mean, population_std, individual_variance FROM population_priors"
            " WHERE is_current"
        )
    }
    quality, drift, asked = database.execute(
        "SELECT evidence->'quality_priors', evidence->'drift', created_at::date FROM recommendations"
    ).fetchone()
    names = list(REFERENCE)
    columns = ", ".join(f"p.{COLUMNS.get(name, name)}" for name in names)
    rows = database.execute(
        f"SELECT q.session_quality, s.session_date, {columns} FROM sessions s JOIN users u ON u.id = s.user_id"
        " JOIN pre_session_data p ON p.session_id = s.id JOIN post_session_data q ON q.session_id = s.id"
        " WHERE u.email = %s ORDER BY s.session_date DESC LIMIT 730",
        [PERSON],
    ).fetchall()
    outcome = np.array([row[0] for row in rows], dtype=float)
    doses = np.array(
        [
            [np.nan if v is None else dose(n, float(v)) for n, v in zip(names, row[2:], strict=True)]
            for row in rows
        ]
    )
    known = (~np.isnan(doses)).sum(axis=0)
    usual = np.where(known > 0, np.nansum(doses, axis=0) / np.maximum(known, 1), 0.0)
    design = np.column_stack([np.ones(len(rows)), np.where(np.isnan(doses), usual, doses)])
    prior_mean = np.array([quality["intercept_mean"], *(priors[n][0] for n in names)])
    usual_variance = quality["intercept_sd"] ** 2 + quality["intercept_individual_sd"] ** 2
    prior_variance = np.array([usual_variance, *(priors[n][1] ** 2 + priors[n][2] ** 2 for n in names)])
    noise = quality["noise_sd"] ** 2
    day, fades = np.array([row[1].toordinal() for row in rows]), drift["half_life_days"]
    stationary = drift["rate_per_day"] / (1 - 2 ** (-2 / fades))
    precision = np.linalg.inv(
        np.eye(len(rows)) + stationary * 2.0 ** (-np.abs(day[:, None] - day) / fades)
    )  # of level and noise, over sigma²
    covariance = np.linalg.inv(design.T @ precision @ design / noise + np.diag(1 / prior_variance))
    mean = covariance @ (design.T @ precision @ outcome / noise + prior_mean / prior_variance)
    seen = stationary * 2.0 ** (-(asked.toordinal() - day) / fades)
    pull = seen @ precision  # of each past session on today's level
    today = np.array([1.0, *(dose(n, TODAY[n]) if n in TODAY else usual[k] for k, n in enumerate(names))])
    caffeine = 1 + names.index("caffeine_mg")

    def moments(planned_caffeine: float) -> tuple[float, float, float]:
        """Mean and variance of the expected quality, and its covariance with the coefficient of caffeine."""
        row = today.copy()
        row[caffeine] = dose("caffeine_mg", planned_caffeine)
        felt = row - pull @ design  # what the coefficients still move, the level's answer to them taken off
        variance = float(felt @ covariance @ felt) + noise * (stationary - float(pull @ seen))
        centre = float(row @ mean + pull @ (outcome - design @ mean))
        return centre, variance, float(covariance[caffeine] @ felt)

    centre, variance, _ = moments(TODAY["caffeine_mg"])
    mean_sd = math.sqrt(variance)
    unsaid = sum(
        unseen_variance(n, doses[:, k], known[k]) * (mean[k + 1] ** 2 + covariance[k + 1, k + 1])
        for k, n in enumerate(names)
        if n not in TODAY
    )
    predictive_sd = math.sqrt(mean_sd**2 + noise + unsaid)

    def interval(sd: float) -> list[float]:
        return [min(max(centre + z * sd, 1.0), 10.0) for z in (-1.959964, 1.959964)]

    return {
        "mean": min(max(centre, 1.0), 10.0),
        "predictive": interval(predictive_sd),
        "credible": interval(mean_sd),
        "gain_per_mg": float(mean[caffeine]),
        "gain_sd_per_mg": math.sqrt(covariance[caffeine, caffeine]),
        "moments": moments,
        "noise": noise,
    }


def unseen_variance(name: str, column: np.ndarray, known: int) -> float:
    """How far an unsaid dose may lie from what stands in for it."""
    from climbiq.domain.variables import VARIABLES

    spread = VARIABLES[name].spread ** 2
    seen = column[~np.isnan(column)]
    squares = float(((seen - seen.mean()) ** 2).sum()) if known else 0.0
    variance = (squares + 4.0 * spread) / (max(known - 1, 0) + 4.0)
    return variance * (1 + 1 / known) if known else spread
