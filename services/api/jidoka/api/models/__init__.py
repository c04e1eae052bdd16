"""What the API answers, as pydantic models; fields are named like the database's columns."""
