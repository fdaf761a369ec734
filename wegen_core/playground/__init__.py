"""What the network learns from."""
