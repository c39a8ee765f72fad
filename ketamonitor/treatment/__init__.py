"""The treatment itself: order, check-in, doses, observations, discharge, ledger and estimate."""
