"""A careful referee's objections, each as a computation."""
