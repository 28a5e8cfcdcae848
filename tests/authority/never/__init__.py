"""What must never happen, in sentences, and an attempt at each."""
