"""Where a person goes next: a journal of visits, candidates drawn from it, features of each, and a ranker."""
