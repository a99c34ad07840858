"""What an operator sees of a running server: metrics, the audit log, and webhooks."""
