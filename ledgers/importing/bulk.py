"""Writes many rows at once: by COPY on PostgreSQL, by `executemany` on SQLite.

`bulk_create` and `bulk_update` build one SQL text with every value of a batch in it, which takes ten times
as long. The keys of new rows are reserved first, so that rows of several tables can be made before any of
them is written. All of it belongs into a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import repeat
from typing import Any

from django.db import connection, models
from django.db.models import Field

Row = Sequence[Any]
REPEATED = (models.DateField, models.DecimalField, models.UUIDField)
# What either driver takes as it is. All else is made a text, which the database reads by the column's type.
AS_IT_IS = (models.CharField, models.TextField, models.IntegerField, models.AutoField, models.BooleanField)


def reserve(model: type[models.Model], count: int) -> Sequence[int]:
    """`count` keys of `model` that no other row has or gets, ascending."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
            cursor.execute(
                "SELECT array_agg(nextval(%s::regclass)) FROM generate_series(1, %s)",
                [*cursor.fetchone(), count],
            )
            return sorted(cursor.fetchone()[0])
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        last = found[0] if found else 0
        statement = (
            "UPDATE sqlite_sequence SET seq = %s WHERE name = %s"
            if found
            else "INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)"
        )
        cursor.execute(statement, [last + count, table])
        return range(last + 1, last + count + 1)


def analyse(*tables: type[models.Model]) -> None:
    """Has PostgreSQL count anew, so that it does not plan for the few rows that it knew of before."""
    if connection.vendor == "postgresql":
        listed = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {listed}")


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> None:
    """Inserts rows of the fields `names` (attnames, the key among them where it was reserved).

    A field that is not named gets its default. `auto_now` is not looked at, no signal is sent, `save` is not
    called; the database's constraints hold.
    """
    fields = [field_of(model, name) for name in names]
    others = [
        field
        for field in model._meta.concrete_fields
        if field not in fields and not isinstance(field, models.AutoField)
    ]
    values = in_columns(fields, rows)
    if not values:
        return
    count = len(values[0])
    for field in others:
        make = default_of(field)
        if makes_its_default(field):
            fields.append(field)
            values.append([make() for _row in range(count)])
        elif (default := make()) is not None:  # a column that is left out is empty
            fields.append(field)
            values.append([default] * count)
    write(model._meta.db_table, [str(field.column) for field in fields], zip(*values, strict=True))


def update(model: type[models.Model], names: Sequence[str], rows: Iterable[Row]) -> int:
    """Sets the fields `names` of rows by the key, which is the first of each row; gives how many it found."""
    fields = [model._meta.pk, *(field_of(model, name) for name in names)]
    table, columns = model._meta.db_table, [str(field.column) for field in fields]
    prepared = zip(*in_columns(fields, rows), strict=True)
    quoted = connection.ops.quote_name
    if connection.vendor != "postgresql":
        sets = ", ".join(f"{quoted(column)} = %s" for column in columns[1:])
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {quoted(table)} SET {sets} WHERE {quoted(columns[0])} = %s",  # noqa: S608
                [(*row[1:], row[0]) for row in prepared],
            )
            return max(int(cursor.rowcount), 0)
    listed = ", ".join(map(quoted, columns))
    sets = ", ".join(f"{quoted(column)} = new_values.{quoted(column)}" for column in columns[1:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE new_values ON COMMIT DROP AS "  # noqa: S608
            f"SELECT {listed} FROM {quoted(table)} WITH NO DATA"
        )
        write("new_values", columns, prepared)
        cursor.execute(
            f"UPDATE {quoted(table)} SET {sets} FROM new_values "  # noqa: S608
            f"WHERE {quoted(table)}.{quoted(columns[0])} = new_values.{quoted(columns[0])}"
        )
        found = int(cursor.rowcount)
        cursor.execute("DROP TABLE new_values")
    return found


def write(table: str, columns: Sequence[str], rows: Iterator[Row]) -> None:
    """Rows of values that the database takes as they are."""
    quoted = connection.ops.quote_name
    listed = ", ".join(map(quoted, columns))
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            places = ", ".join(repeat("%s", len(columns)))
            cursor.executemany(f"INSERT INTO {quoted(table)} ({listed}) VALUES ({places})", list(rows))  # noqa: S608
            return
        statement = f"COPY {quoted(table)} ({listed}) FROM STDIN"
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


def in_columns(fields: Sequence[Field[Any, Any]], rows: Iterable[Row]) -> list[Sequence[Any]]:
    """The rows by columns, each value as its column takes it. Empty where there are no rows."""
    columns = list(zip(*rows, strict=True))
    return [
        column if is_taken(field) else list(map(preparation(field), column))
        for field, column in zip(fields if columns else (), columns, strict=True)
    ]


def is_taken(field: Field[Any, Any]) -> bool:
    """Whether the drivers take a value of the field as it is."""
    plain = getattr(field, "target_field", field)
    own = type(plain).get_prep_value
    return isinstance(plain, AS_IT_IS) and own in {kind.get_prep_value for kind in AS_IT_IS}


def preparation(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """From a value to what the database reads; days and numbers repeat themselves and are made once."""
    if isinstance(field, models.JSONField):
        encode = (field.encoder or json.JSONEncoder)().encode
        return lambda value: encode(value) if value else "[]" if isinstance(value, list | tuple) else "{}"
    if isinstance(getattr(field, "target_field", field), REPEATED):
        return cache(partial(as_text, field))
    return lambda value: value and as_text(field, value)


def as_text(field: Field[Any, Any], value: Any) -> Any:
    prepared = field.get_db_prep_save(value, connection)
    return prepared if prepared is None or isinstance(prepared, str | int | float) else str(prepared)


def makes_its_default(field: Field[Any, Any]) -> bool:
    """Whether the default is a function that is to be asked anew for each row."""
    return callable(field.default) and field.default not in (models.NOT_PROVIDED, dict, list)


def default_of(field: Field[Any, Any]) -> Callable[[], Any]:
    """Gives the default of a field, prepared."""
    prepare: Callable[[Any], Any] = (lambda value: value) if is_taken(field) else preparation(field)
    return lambda: prepare(field.get_default())


def field_of(model: type[models.Model], name: str) -> Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == name)
