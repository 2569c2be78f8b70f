"""What is inside a model: couplings of hidden states, heads and the output map, each with its null (Sec. 6, A.5)."""
