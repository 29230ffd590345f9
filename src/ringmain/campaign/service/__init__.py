"""Service plans: a tribe is served at a scene as one, beside a share of it that is served as if there were no plan."""
