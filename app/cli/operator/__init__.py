"""Commands of an installation: serve, worker, accounts, ledger, rights, verification."""
