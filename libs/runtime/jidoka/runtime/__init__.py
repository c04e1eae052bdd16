"""The plumbing of every service: bus, outbox, service, settings, logs, errors, test servers. No domain word in it."""
