"""Charts as they come out of templates: well-formed, escaped, with their numbers as a table, free of inline style."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import date

import pytest
from django.template import engines

from climbiq.common.chart_data import Calibration, Estimate, Moment, one, signed

ESTIMATES = [
    Estimate(label="Sleep <script>", value=0.31, low=0.12, high=0.5, reference=0.2, reference_low=0.1, reference_high=0.3),
    Estimate(label="Stress", value=-0.42, low=-0.66, high=-0.18),
]  # fmt: skip
MOMENTS = [
    Moment(day=date(2026, 5, 1), observed=6, expected=5.5, low=3.5, high=7.5),
    Moment(day=date(2026, 5, 3), observed=None, expected=5.6, low=3.6, high=7.6),
    Moment(day=date(2026, 5, 9), observed=8),
]
POINTS = [Calibration(said=0.5, seen=0.4, low=0.2, high=0.6, n=20)]
PREDICTION = {"expected_quality": 6.4, "predictive_interval_95": [3.6, 9.1], "mean_interval_95": [5.8, 7.0]}

CHARTS = {
    "interval_bar": "{% interval_bar 6.4 interval %}",
    "prediction": "{% prediction_chart prediction 7 %}",
    "interval_plot": '{% interval_plot estimates title "points" %}',
    "gain_bars": '{% gain_bars estimates "What would help" %}',
    "quality_trend": '{% quality_trend moments "Your sessions" %}',
    "belief_shift": '{% belief_shift 0.2 interval 0.23 interval "Caffeine" "points" %}',
    "calibration_plot": '{% calibration_plot points "Coaches" %}',
    "no estimates": '{% interval_plot nothing "Your effects" %}',
    "no sessions": '{% quality_trend nothing "Your sessions" %}',
    "one session": '{% quality_trend one_moment "Your sessions" %}',
    "no coaches": '{% calibration_plot nothing "Coaches" %}',
}


def drawn(source: str) -> str:
    context = {"estimates": ESTIMATES, "moments": MOMENTS, "points": POINTS, "prediction": PREDICTION,
               "interval": (-0.1, 0.5), "nothing": [], "one_moment": MOMENTS[:1], "title": "Your <b> effects"}  # fmt: skip
    return engines["django"].from_string("{% load charts %}" + source).render(context)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_well_formed_and_told_in_words(name):
    html = drawn(CHARTS[name])
    figure = ET.fromstring(html)
    svg = figure.find("svg")
    assert svg.get("role") == "img"
    assert svg.find("title").text
    assert svg.find("desc").text
    assert svg.get("aria-label") == f"{svg.find('title').text}. {svg.find('desc').text}"
    assert figure.find("details/div/table/thead/tr") is not None
    assert "style=" not in html
    assert "<script" not in html
    assert "NaN" not in html
    assert "None" not in html


@pytest.mark.parametrize("name", CHARTS)
def test_every_row_of_the_table_has_as_many_cells_as_its_head(name):
    table = ET.fromstring(drawn(CHARTS[name])).find("details/div/table")
    width = len(table.findall("thead/tr/th"))
    assert {len(list(row)) for row in table.findall("tbody/tr")} <= {width}


def test_the_interval_bar_puts_its_parts_where_the_numbers_say():
    svg = ET.fromstring(drawn("{% prediction_chart prediction 7 %}")).find("svg")
    wide, narrow = svg.findall("rect")
    unit = (346 - 14) / 9  # one point of quality
    assert float(wide.get("x")) == pytest.approx(14 + 2.6 * unit, abs=0.1)
    assert float(wide.get("width")) == pytest.approx(5.5 * unit, abs=0.1)
    assert float(narrow.get("width")) == pytest.approx(1.2 * unit, abs=0.1)
    assert "you: 7" in [text.text for text in svg.findall("text")]


def test_half_of_the_belief_is_drawn_where_it_is_known():
    halved = Estimate(label="Sleep", value=0.5, low=-1.0, high=2.0, half_low=0.0, half_high=1.0)
    source = '{% load charts %}{% interval_plot rows "Effects" "" "Prior" "Learnt" %}'
    html = engines["django"].from_string(source).render({"rows": [halved, *ESTIMATES]})
    rows = ET.fromstring(html).findall("svg/g")
    whisker, half = (rows[0].find(f"line[@class='chart__{name}']") for name in ("whisker", "half"))
    start, end = (float(whisker.get(k)) for k in ("x1", "x2"))
    # −1 to 2 is three points long, and the half of it that is believed most the middle one
    assert float(half.get("x1")) == pytest.approx(start + (end - start) / 3, abs=0.1)
    assert float(half.get("x2")) == pytest.approx(start + 2 * (end - start) / 3, abs=0.1)
    assert rows[1].find("line[@class='chart__half']") is None
    assert "Dot and line: learnt, with its 95 % interval (thick: 50 %). Pale bar: prior." in html


def test_no_guess_no_mark():
    assert "you:" not in drawn("{% prediction_chart prediction %}")
    assert "you:" not in drawn('{% prediction_chart prediction "" %}')


def test_a_session_without_a_value_is_in_the_table_and_not_among_the_dots():
    figure = ET.fromstring(drawn(CHARTS["quality_trend"]))
    assert len(figure.findall("svg/circle")) == 2
    assert len(figure.findall("details/div/table/tbody/tr")) == 3


@pytest.mark.parametrize(("given", "times"), [("", 1), ("has_key=False", 0)])
def test_two_bells_say_which_is_which_unless_the_page_does(given, times):
    source = f'{{% load charts %}}{{% belief_shift 0.2 at 0.2 at "Caffeine" {given} %}}'
    html = engines["django"].from_string(source).render({"at": (0.1, 0.3)})
    assert html.count("Dashed: before.") == times


def test_the_surer_bell_is_the_higher():
    source = '{% load charts %}{% belief_shift 0.2 wide 0.2 narrow "Caffeine" %}'
    context = {"wide": (-0.8, 1.2), "narrow": (0.1, 0.3)}
    svg = ET.fromstring(engines["django"].from_string(source).render(context)).find("svg")
    now, before = [
        min(float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d")))
        for path in svg.findall("path")
    ]
    assert now == 20  # its peak, 84 above the baseline
    assert before == pytest.approx(104 - 84 / 10, abs=0.1)
    marks = [
        float(line.get("y1"))
        for line in svg.findall("line")
        if line.get("y2") == "104" and line.get("y1") != "6"
    ]
    assert marks[-2:] == [before, now]


@pytest.mark.parametrize(
    ("value", "words"), [(0.5, "+0.5"), (-0.0144, "−0.014"), (0, "0"), (12.3, "+12"), (-0.0, "0")]
)
def test_effects_carry_their_sign(value, words):
    assert signed(value) == words


def test_quality_has_one_decimal():
    assert one(6) == "6.0"
