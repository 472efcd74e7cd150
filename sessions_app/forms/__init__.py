from __future__ import annotations

from sessions_app.forms.after import AfterForm
from sessions_app.forms.baseline import BaselineForm
from sessions_app.forms.before import BeforeForm
from sessions_app.forms.browse import HistoryFilterForm
from sessions_app.forms.diary import DiaryUploadForm

__all__ = ["AfterForm", "BaselineForm", "BeforeForm", "DiaryUploadForm", "HistoryFilterForm"]
