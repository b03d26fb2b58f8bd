"""A register as a table with Chinese headings."""

from typing import Any

from django.utils.translation import gettext as _
from import_export import fields, resources, widgets


def column(attribute: str, name: str, widget: widgets.Widget | None = None) -> fields.Field:
    return fields.Field(attribute=attribute, column_name=name, widget=widget or widgets.CharWidget())


class RegisterResource(resources.ModelResource):
    """A register as a table with Chinese headings; the model's own rules are checked row by row."""

    class Meta:
        abstract = True
        skip_unchanged = True
        clean_model_instances = True
        use_transactions = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Refuses a table without the key columns: every row would fail with a sentence for developers."""
        wanted = [self.fields[name].column_name for name in self._meta.import_id_fields]
        missing = [name for name in wanted if name not in (dataset.headers or [])]
        if missing:
            raise ValueError(_("缺少“%(names)s”列，请用导出的表作模板。") % {"names": "、".join(missing)})
