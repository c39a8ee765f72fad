"""The pages of the window and the entry panels of the live page."""
