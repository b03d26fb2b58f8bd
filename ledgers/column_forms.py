"""The form that asks what the columns of a file mean, and the one that renames a layout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ledgers.columns import BY_KEY
from ledgers.columns.classes import CLASSES
from ledgers.columns.outcomes import OUTCOMES
from ledgers.columns.people import PEOPLE
from ledgers.forms import TermsForm
from ledgers.importing import guessing, mapping
from ledgers.importing.mapping import Said
from ledgers.models import LedgerImport, LedgerLayout
from ledgers.reading import Candidate, Place, Proposed
from ledgers.reading.guesses import LIKELY
from ledgers.reading.headings import has_no_heading

DATES = frozenset({"dates", "start", "end"})
CONSTANTS = ("run", "hours", "dates", "employer")
LEARNING = (("", _("只用于这个版式")), ("bureau", _("本单位以后的台账也这样认")))
CITY = ("city", _("全市的台账都这样认"))


def offered() -> list[Any]:
    """The fields by what they tell of, and first of all none."""
    groups = ((_("学员"), PEOPLE), (_("项目、班次、时间"), CLASSES), (_("学时、考核、证书、人数"), OUTCOMES))
    return [
        ("", _("不导入这一列")),
        *((label, [(column.key, column.heading) for column in columns]) for label, columns in groups),
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """One column on the page: what stands in the file, and the field to choose."""

    proposed: Proposed
    bound: BoundField

    @property
    def heading(self) -> str:
        if has_no_heading(self.proposed.path):
            return _now("（没有列名，%(place)s）") % {"place": self.proposed.path}
        return self.proposed.heading

    @property
    def sureness(self) -> tuple[str, str]:
        """A badge's kind and words."""
        if self.proposed.known:
            return ("done", _now("认得")) if self.proposed.key else ("muted", _now("通常不导入"))
        if not self.proposed.key:
            return "muted", _now("认不出")
        return (
            ("steady", _now("很可能")) if self.proposed.sure >= LIKELY else ("behind", _now("可能，请核对"))
        )


@dataclass(frozen=True, slots=True)
class Sheets:
    """Sheets that are laid out alike: the header that is chosen, the others, and its columns."""

    at: int
    place: Place
    chosen: int
    columns: list[Asked]

    @property
    def candidate(self) -> Candidate | None:
        return self.place.candidates[self.chosen] if self.chosen >= 0 else None

    @property
    def rows(self) -> str:
        return "、".join(map(str, self.candidate.rows)) if self.candidate else ""

    @property
    def choices(self) -> list[tuple[int, str, bool]]:
        """Number, words, whether it is the chosen one; only where there is a choice."""
        found = []
        for at, one in enumerate(self.place.candidates):
            headings = "、".join(column.heading for column in one.columns[:4])
            rows = "、".join(map(str, one.rows))
            words = _now("第 %(rows)s 行：%(headings)s") % {"rows": rows, "headings": headings}
            found.append((at, words, at == self.chosen))
        found.append((-1, _now("不读取"), self.chosen < 0))
        return found


def chosen_headers(places: Sequence[Place], data: Mapping[str, Any]) -> list[int]:
    """The number of the chosen header of each place, as the page or its address says; -1 for none of them."""
    chosen = []
    for at, place in enumerate(places):
        text = str(data.get(f"header_{at}", "0"))
        number = int(text) if text.lstrip("-").isdecimal() and len(text) < 4 else 0
        chosen.append(number if -1 <= number < len(place.candidates) else 0)
    return chosen


class ColumnsForm(TermsForm):
    """What every column means, for what the file is read, and what it lacks."""

    def __init__(
        self,
        *args: Any,
        batch: LedgerImport,
        places: Sequence[Place],
        headers: Sequence[int],
        whole_city: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, batch=batch, **kwargs)
        self.batch = batch
        self.sheets: list[Sheets] = []
        for at, (place, chosen) in enumerate(zip(places, headers, strict=True)):
            columns = place.candidates[chosen].columns if chosen >= 0 else ()
            asked = [self.ask_column(column, f"column_{at}_{n}") for n, column in enumerate(columns)]
            self.sheets.append(Sheets(at, place, chosen, asked))
        for key in CONSTANTS:
            self.ask(key, _("表里没有这一列时填写，用于每一行，例如：%(example)s"), required=False)
        self.ask_to_remember(whole_city=whole_city)
        first = [name for name in self.fields if name.startswith("column_")]
        self.order_fields([*first, "programme", "year", *(f"set_{key}" for key in CONSTANTS)])

    def ask_column(self, column: Proposed, name: str) -> Asked:
        self.fields[name] = forms.ChoiceField(
            label=column.heading or column.path, choices=offered(), required=False, initial=column.key
        )
        return Asked(column, self[name])

    def ask_to_remember(self, *, whole_city: bool) -> None:
        candidate = next((one.candidate for one in self.sheets if one.candidate), None)
        self.fields["remember"] = forms.BooleanField(
            label=_("记住这个版式，下次同样表头的文件直接预览"), required=False, initial=True
        )
        known = self.batch.layout
        self.fields["name"] = forms.CharField(
            label=_("版式名称"),
            required=False,
            max_length=mapping.LONGEST_NAME - 5,
            initial=known.name
            if known
            else mapping.name_for(self.batch, candidate.title if candidate else ""),
        )
        self.fields["learn"] = forms.ChoiceField(
            label=_("新认的列名"),
            choices=[*LEARNING, *([CITY] if whole_city else [])],
            required=False,
            widget=forms.RadioSelect,
        )

    @property
    def constants_asked(self) -> list[BoundField]:
        return [self[f"set_{key}"] for key in CONSTANTS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        used = [sheets for sheets in self.sheets if any(self.key_of(asked) for asked in sheets.columns)]
        if not used:
            self.add_error(None, _("每一列都选了不导入。请至少选出“姓名”一列，讲座台账选出日期和参加人数。"))
        for sheets in used:
            self.demand_once(sheets)
            self.demand_readable(sheets)
        self.demand_constants(used)
        if cleaned.get("remember") and not cleaned.get("name", "").strip():
            self.add_error("name", _("请给版式起个名称，或不勾选“记住这个版式”。"))
        return cleaned

    def key_of(self, asked: Asked) -> str:
        return str(self.cleaned_data.get(asked.bound.name, ""))

    def demand_once(self, sheets: Sheets) -> None:
        """A field in one column only; where the reader itself made one of two, it takes what is filled in."""
        seen: dict[str, Asked] = {}
        for asked in sheets.columns:
            key = self.key_of(asked)
            first = seen.setdefault(key, asked) if key else asked
            if first is not asked and not (self.is_as_read(first) and self.is_as_read(asked)):
                words = _("“%(field)s”已经选给了“%(heading)s”一列，请改选其中一列。")
                values = {"field": BY_KEY[key].heading, "heading": first.heading}
                self.add_error(asked.bound.name, words % values)

    def is_as_read(self, asked: Asked) -> bool:
        return asked.proposed.known and self.key_of(asked) == asked.proposed.key

    def demand_readable(self, sheets: Sheets) -> None:
        """A name, or the day and the heads of a lecture, under a heading by which the header is found."""
        by_key = {self.key_of(asked): asked for asked in sheets.columns}
        if "name" not in by_key and "headcount" not in by_key:
            self.add_error(None, _("没有选“姓名”一列。没有姓名的讲座台账，要选出日期和“参加人数”两列。"))
        elif "name" not in by_key and DATES.isdisjoint(by_key):
            self.add_error(None, _("讲座台账还缺日期：请选出“培训时间”或“开班日期”一列。"))
        anchor = by_key.get("name") or by_key.get("headcount")
        if anchor and has_no_heading(anchor.proposed.path):
            self.add_error(
                anchor.bound.name, _("这一列没有列名，无法据此找到表头。请在原表里补上列名后再上传。")
            )

    def demand_constants(self, used: Sequence[Sheets]) -> None:
        """What has to be said of each row stands in a column or is filled in once."""
        people = [keys for keys in map(self.keys_of, used) if "name" in keys]
        if not people:
            return
        lacking = guessing.missing_where(lambda key: any(key not in keys for keys in people))
        for key in mapping.REQUIRED:
            if key in lacking and not self.cleaned_data.get(f"set_{key}", "").strip():
                words = _("表里没有选出“%(field)s”一列，请选一列，或在这里填写。")
                self.add_error(f"set_{key}", words % {"field": BY_KEY[key].heading})

    def keys_of(self, sheets: Sheets) -> set[str]:
        return {self.key_of(asked) for asked in sheets.columns}

    # --- What was said ---

    def said(self) -> list[Said]:
        found = {}
        for sheets in self.sheets:
            keys = self.keys_of(sheets)
            if sheets.candidate and keys != {""}:
                meant = {asked.proposed.path: self.key_of(asked) for asked in sheets.columns}
                one = sheets.candidate.fingerprint
                found[one] = Said(one, meant, lecture="name" not in keys)
        return list(found.values())

    def learned(self) -> dict[str, str]:
        """The headings of one row that the reader did not know."""
        return dict(self.new_words())

    def new_words(self) -> Iterator[tuple[str, str]]:
        for asked in (asked for sheets in self.sheets for asked in sheets.columns):
            path, key = asked.proposed.path, self.key_of(asked)
            if key and not asked.proposed.known and not has_no_heading(path) and not set(path) & {" ", "#"}:
                yield path, key


class LayoutForm(forms.ModelForm[LedgerLayout]):
    class Meta:
        model = LedgerLayout
        fields = ("name",)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = LedgerLayout.objects.filter(bureau=self.instance.bureau).exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("这个单位已经有同名的版式，请换一个名称。"))
        return name
