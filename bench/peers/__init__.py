"""What we are compared with, each from its own released package or written as barely as can be."""
