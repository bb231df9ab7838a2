"""The ledger: the append-only record of everything that happened; SQLite, each row chained by hash to the last."""
