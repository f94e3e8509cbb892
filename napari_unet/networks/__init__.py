"""Networks: plain ``torch.nn`` modules."""
