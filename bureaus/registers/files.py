"""The files that a register comes and goes in."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from import_export.formats.base_formats import Format
from import_export.forms import ConfirmImportForm, ExportForm, ImportForm
from tablib import Dataset

from bureaus.exporting import sheet_name
from bureaus.registers.tables import LINE, RegisterResource
from peixun.lib.table_reading import TableRefused
from peixun.lib.tables import Form, text_lines
from peixun.lib.xlsx import Line, Sheet, headings, streamed
from peixun.lib.xlsx_styles import Style

MOST_MIB = 5
WIDTH = 20
ONLY = [("0", "0")]  # there is one resource, and one format for coming in


class FileIn(Format):
    """A table as it was uploaded, whatever kind of file it is, read as ledgers are."""

    def __init__(self, resource: type[RegisterResource], encoding: str | None = None) -> None:
        self.resource = resource

    def get_title(self) -> str:
        return _("Excel 或 CSV 表格")

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes | None) -> Dataset:
        """Raises `TableRefused`."""
        if in_stream is None:
            raise TableRefused(_("预览以后过了太久，上传的文件已不再保留。请重新上传。"))
        read = import_string(settings.TABLE_READER)
        table = read(in_stream, wanted=self.resource.headings(), size_limit=MOST_MIB * 1024 * 1024)
        missing = [name for name in self.resource.key_headings() if name not in table.headings]
        if missing:
            words = {"names": "、".join(missing)}
            raise TableRefused(_("缺少“%(names)s”列，请用导出的表作模板。") % words)
        lines = [(*texts, number) for number, texts in table.lines]
        return Dataset(*lines, headers=[*table.headings, LINE])


class FileOut(Format):
    """A table that goes out: texts stay texts, and what goes out can come in again."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def get_title(self) -> str:
        return str(self.form.label)

    def get_extension(self) -> str:
        return self.form.ending

    def get_content_type(self) -> str:
        return self.form.content_type

    def can_export(self) -> bool:
        return True

    def export_data(self, dataset: Dataset, **kwargs: Any) -> bytes:
        if self.form != Form.XLSX:
            return b"".join(text_lines([dataset.headers, *dataset], self.form))
        widths = [WIDTH] * len(dataset.headers)
        return b"".join(streamed([Sheet(sheet_name(dataset.title), widths, lines_of(dataset), header_row=1)]))


def lines_of(dataset: Dataset) -> Iterator[Line]:
    yield headings(dataset.headers, height=24)
    for row in dataset:
        yield Line(row, [style_of(value) for value in row])


def style_of(value: Any) -> Style:
    if isinstance(value, Decimal):
        return Style.NORMAL
    return Style.DATE if isinstance(value, date) else Style.WORDS


class FileForm(ImportForm):
    """One file; its kind is told by its content."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["format"].widget = forms.HiddenInput()

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MOST_MIB * 1024 * 1024:
            limit = {"limit": MOST_MIB}
            raise forms.ValidationError(_("文件超过 %(limit)d MB。请拆成几个文件，分次上传。"), params=limit)
        return file


class ConfirmForm(ConfirmImportForm):
    format = forms.ChoiceField(choices=ONLY, widget=forms.HiddenInput)
    resource = forms.ChoiceField(choices=ONLY, widget=forms.HiddenInput, required=False)


class FormatForm(ExportForm):
    """In which form a register goes out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["format"] = "0"
