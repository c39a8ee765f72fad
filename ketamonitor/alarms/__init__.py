"""The alarm system: conditions (pure), their life cycle, and what is audible. No clock, no Qt."""
