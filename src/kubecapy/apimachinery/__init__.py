"""Rules that hold for every kind of object; pure functions and values, no I/O."""
