"""A register as a table with Chinese headings, and what is said of its rows."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields, resources, results, widgets

from bureaus.registers.widgets import LineWidget, Refused

LINE = "#"  # under this heading stands the number that the spreadsheet shows beside a row
CLEANED = "="  # and under this one what was made of its cells
NOT_WRITABLE = gettext_lazy("这一行无法写入，请对照导出的表核对各列。")


class Column(fields.Field):
    """A column of a register; whatever is wrong with a cell is a sentence."""

    def clean(self, row: Any, **kwargs: Any) -> Any:
        """Asked for up to four times a row, and looks into other registers once."""
        cleaned = row.setdefault(CLEANED, {})
        if self.column_name not in cleaned:
            cleaned[self.column_name] = self.cleaned(row, **kwargs)
        return cleaned[self.column_name]

    def cleaned(self, row: Any, **kwargs: Any) -> Any:
        try:
            return super().clean(row, **kwargs)
        except Refused:
            raise
        except ValueError as error:
            raise Refused(NOT_WRITABLE) from error


class Lines(Column):
    """A text of several lines: how they are parted makes no difference."""

    def get_value(self, instance: Any) -> str:
        text: str = super().get_value(instance) or ""
        return "\n".join(text.splitlines()).strip()


def column(attribute: str, name: str, widget: widgets.Widget | None = None, **how: Any) -> Column:
    return Column(attribute=attribute, column_name=name, widget=widget or LineWidget(), **how)


class Change(resources.Diff):
    """What a row was and becomes; the package's own brings inline styles and takes its time."""

    def as_html(self) -> list[str]:
        return [self.cell(before, after) for before, after in zip(self.left, self.right, strict=True)]

    def cell(self, before: Any, after: Any) -> str:
        if self.new or before == after:
            return format_html("{}", after)
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)


class Row(results.RowResult):
    """`line` is what the spreadsheet shows beside the row; `faults` are (column, sentence)."""

    line: int = 0
    faults: list[tuple[str, str]]


class Outcome(results.Result):
    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """(line, column, sentence) of all that is wrong."""
        return [(row.line, *fault) for row in self.rows for fault in row.faults]

    @property
    def changing(self) -> list[Row]:
        return [row for row in self.rows if row.is_new() or row.is_update()]


class RegisterResource(resources.ModelResource):
    """A register as a table; the model's own rules are checked row by row."""

    class Meta:
        abstract = True
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True

    @classmethod
    def get_result_class(cls) -> type[Outcome]:
        return Outcome

    @classmethod
    def get_row_result_class(cls) -> type[Row]:
        return Row

    @classmethod
    def get_diff_class(cls) -> type[Change]:
        return Change

    @classmethod
    def headings(cls) -> list[str]:
        return [field.column_name for field in cls.fields.values()]

    @classmethod
    def key_headings(cls) -> list[str]:
        return [cls.fields[name].column_name for name in cls._meta.import_id_fields]

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        """With the rows of other registers that are named in the table."""
        paths = [field.attribute.rpartition("__")[0] or field.attribute for field in self.fields.values()]
        model = self._meta.model._meta
        return queryset.select_related(
            *(path for path in paths if model.get_field(path.partition("__")[0]).many_to_one)
        )

    def skip_row(self, instance: Any, original: Any, *given: Any, **named: Any) -> bool:
        """A new row is judged too where it says nothing but what is usual."""
        return original.pk is not None and bool(super().skip_row(instance, original, *given, **named))

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.seen: dict[tuple[Any, ...], int] = {}

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Judges what import-export would fail on as a whole: the key, and names of several rows."""
        faults: dict[str, list[str]] = {}
        key = []
        for name, field in self.fields.items():
            in_key = name in self._meta.import_id_fields
            if not in_key and not isinstance(field.widget, widgets.ManyToManyWidget):
                continue
            try:
                value = field.clean(row) if field.column_name in row else None
            except Refused as refusal:
                faults[field.attribute] = [str(refusal)]
            else:
                key += [value] if in_key else []
        if faults:
            raise ValidationError(faults)
        self.refuse_twice(self.key_of(row, key), line_of(row, **kwargs))

    def key_of(self, _row: Any, key: list[Any]) -> tuple[Any, ...]:
        """What tells a row from all others, of the values of its key columns."""
        return tuple(key)

    def refuse_twice(self, key: tuple[Any, ...], line: int) -> None:
        first = self.seen.setdefault(key, line)
        if first != line:
            raise ValidationError(_("与第 %(line)d 行是同一条，请删去其中一行。") % {"line": first})

    def import_row(self, row: Any, instance_loader: Any, **kwargs: Any) -> Row:
        result: Row = super().import_row(row, instance_loader, **kwargs)
        result.line = line_of(row, **kwargs)
        result.faults = list(self.faults_of(result))
        return result

    def faults_of(self, result: Row) -> Iterable[tuple[str, str]]:
        """What is wrong with a row by column; of an error that has no sentence for users, the general one."""
        error = result.validation_error
        if result.errors:
            yield "", str(NOT_WRITABLE)
        elif isinstance(error, ValidationError):
            by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            for name, sentences in by_field.items():
                yield from ((self.heading_of(name), sentence) for sentence in sentences)

    def heading_of(self, attribute: str) -> str:
        """The column of a field; nothing for what is wrong with the row as a whole."""
        names = {field.name: str(field.verbose_name) for field in self._meta.model._meta.fields}
        names |= {field.attribute: field.column_name for field in self.fields.values()}
        return names.get(attribute, "")

    def after_export(self, queryset: Any, dataset: Any, **kwargs: Any) -> None:
        dataset.title = name_of(self._meta.model)


def line_of(row: Any, *, row_number: int, **_kwargs: Any) -> int:
    return int(row.get(LINE, row_number))


def name_of(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name)
