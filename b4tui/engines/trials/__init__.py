"""A fixed set of questions that a new model is tried with before it is trusted."""
