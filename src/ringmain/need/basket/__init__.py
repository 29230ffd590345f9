"""What a person will put into the next basket: candidates from the baskets of all, ranked by boosted trees."""
