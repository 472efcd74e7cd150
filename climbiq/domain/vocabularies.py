"""Closed lists of words: one spelling for forms, rules, prompts, files and the API."""

from __future__ import annotations

from typing import Final

Vocabulary = dict[str, str]  # stored value → label

SESSION_TYPES: Final[Vocabulary] = {
    "project": "Projecting",
    "volume": "Volume",
    "technique": "Technique",
    "power": "Power",
    "endurance": "Endurance",
    "hangboard": "Hangboard",
    "competition": "Competition",
    "recovery": "Easy recovery",
}
INTENSITIES: Final[Vocabulary] = {"max": "Max", "high": "High", "moderate": "Moderate", "low": "Low"}
SESSION_GOALS: Final[Vocabulary] = {
    "project": "Work a project",
    "steep_project": "Work a steep project",
    "volume": "Climb a lot",
    "technique": "Move better",
    "strength": "Get stronger",
    "endurance": "Last longer",
    "competition": "Compete",
    "fun": "Enjoy it",
    "recovery": "Recover",
}
TIMES_OF_DAY: Final[Vocabulary] = {
    "morning": "Morning",
    "midday": "Midday",
    "afternoon": "Afternoon",
    "evening": "Evening",
}
SEXES: Final[Vocabulary] = {
    "female": "Female",
    "male": "Male",
    "other": "Other",
    "prefer_not_to_say": "Prefer not to say",
}
DISCIPLINES: Final[Vocabulary] = {"boulder": "Bouldering", "sport": "Sport", "trad": "Trad", "mixed": "A mix"}
GYM_ACCESS: Final[Vocabulary] = {
    "daily": "Daily",
    "several_times_week": "Several times a week",
    "weekly": "Weekly",
    "limited": "Limited",
}
LOCATION_TYPES: Final[Vocabulary] = {"indoor_gym": "Gym", "home_wall": "Home wall", "outdoor": "Outdoors"}
SESSION_STATUSES: Final[Vocabulary] = {
    "planned": "Planned",
    "in_progress": "In progress",
    "completed": "Completed",
    "skipped": "Skipped",
}
NIGGLE_SITES: Final[Vocabulary] = {
    "finger": "Finger",
    "wrist": "Wrist",
    "elbow": "Elbow",
    "shoulder": "Shoulder",
    "neck": "Neck",
    "back": "Back",
    "hip": "Hip",
    "knee": "Knee",
    "ankle": "Ankle",
    "skin": "Skin",
    "other": "Elsewhere",
}
NIGGLE_SEVERITIES: Final[dict[int, str]] = {
    1: "noticeable",
    2: "annoying",
    3: "painful",
    4: "limits climbing",
    5: "cannot climb",
}
OVERRIDE_RECOMMENDATIONS: Final[Vocabulary] = {
    "rest_day": "Rest today",
    "recovery_session": "Easy movement only",
    "technique_session": "Technique session instead",
    "volume_session": "Easy volume instead",
    "reduce_intensity": "Lower the intensity",
    "shorten_session": "Make it a short one",
    "no_hangboard": "Leave the hangboard out",
    "seek_advice": "Have it looked at before climbing",
}
DEVIATION_REASONS: Final[Vocabulary] = {
    "felt_better": "Felt better than expected",
    "felt_worse": "Felt worse than expected",
    "niggle": "A niggle",
    "time": "Time",
    "company": "Company",
    "conditions": "Conditions or crowding",
    "other": "Something else",
}
