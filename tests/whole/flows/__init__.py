"""Whole sessions by the keyboard alone: sign-in, check-in, treatment, going home, end."""
