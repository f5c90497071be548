"""PyTorch networks as the same canonical operations as those of Keras. Nothing here imports torch."""
