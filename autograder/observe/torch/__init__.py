"""Inside the kernel of a notebook that uses PyTorch."""
