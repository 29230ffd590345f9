"""Which of those that a campaign is sent to will redeem one of its coupons."""
