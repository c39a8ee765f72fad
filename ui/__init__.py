"""The screens: Qt only. They show and ask, and hold no rule."""
