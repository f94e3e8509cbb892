"""Long jobs: generators of events, run inline or in the engine process."""
