"""Pure functions on arrays: no files, no coordinate systems, no planning rules. Metres, float64, z up."""
