"""What happens now: from the bus to people, and people's actions to the bus."""
