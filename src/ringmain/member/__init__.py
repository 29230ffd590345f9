"""The people a network knows: found by what they carry, merged, exported and erased as they wish."""
