"""Games at scenes: an allowed play always wins, its prize is decided here, and its cost was set aside before."""
