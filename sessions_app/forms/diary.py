from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile


class DiaryUploadForm(forms.Form):
    """A diary file, to be looked at before it is loaded."""

    file = forms.FileField(
        label="Diary file",
        help_text="CSV, with a line of column names first.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    skip_bad = forms.BooleanField(required=False, label="Leave out rows that cannot be read")

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse what is too large to read at once."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        limit = settings.DIARY_UPLOAD_MAX_BYTES
        if file.size is None or file.size > limit:
            raise ValidationError(f"The file can have {limit // 1_000_000} MB at most.", code="too-large")
        return file
