"""Ledgers in: a file is received, read, compared with what is stored, written on confirm, and undone.

`receiving` keeps the sealed file, `matching` says what each row would do, `applying` does it in one
transaction, `undoing` takes it back, `jobs` runs these behind a page.
"""
