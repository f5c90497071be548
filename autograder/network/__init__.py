"""What a network is, without TensorFlow."""
