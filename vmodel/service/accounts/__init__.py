"""Accounts: users, authentication, plans, rate limits and the audit log."""
