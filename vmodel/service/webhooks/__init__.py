"""Webhooks: subscriptions, and deliveries that are safe against internal addresses."""
