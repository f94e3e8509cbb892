"""A trained model as one thing: its card, its parameters, its file and the library."""
