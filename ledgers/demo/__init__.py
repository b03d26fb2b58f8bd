"""A made-up year for trying peixun: people, ledgers, classes to come, one account a role. All synthetic."""
