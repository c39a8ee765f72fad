"""What alerts are signalled with: tones, their player, and the settings of this computer."""
