"""Ready packs: campaigns, questions and words for a kind of trade, made into drafts when a merchant wants them."""
