"""Commands for operators: accounts, ledger, rights, service and workers."""
