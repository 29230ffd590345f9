"""Campaigns as merchants buy them: what they are, who approves them, and who is dealt to which group."""
