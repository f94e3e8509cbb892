"""The nouns: frozen records, no torch, no Qt."""
