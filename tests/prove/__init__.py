"""Long counts, run by hand before a release: ``make prove``."""
