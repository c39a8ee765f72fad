"""The parts that pages are made of: drawn with the theme, fed with pictures of the session."""
