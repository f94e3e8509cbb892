"""Losses: ``loss(logits, target, weight_map)`` gives a scalar."""
