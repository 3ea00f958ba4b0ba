"""The generated docs and the pictures."""
