"""What Acme adds to the night watch."""
