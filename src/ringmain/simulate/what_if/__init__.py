"""What would happen if a shop left or came, or a budget doubled: a made-up copy of a network, lived in pairs."""
