"""Patches, training, fine-tuning and evaluation."""
