"""Until now an import was taken back as a whole: then all that its rows wrote was reversed."""

from django.db import migrations

WROTE = ("new", "changed")


def mark(apps, schema_editor):
    rows = apps.get_model("ledgers", "LedgerRow").objects.filter(batch__state="undone", state__in=WROTE)
    rows.update(undone="reversed")


def unmark(apps, schema_editor):
    apps.get_model("ledgers", "LedgerRow").objects.filter(undone="reversed").update(undone="")


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0007_undo_by_row")]

    operations = [migrations.RunPython(mark, unmark)]
