"""The SQL, one module per resource. It reads views; values are always bound."""
