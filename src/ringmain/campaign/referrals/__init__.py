"""Invitations: who brings somebody new to any shop of the network gets a voucher, once, and only for a real visit."""
