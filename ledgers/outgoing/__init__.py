"""Ledgers that go out: the learners' ledger that comes in again, and bureaus' own forms filled."""
