"""Where a model is computed, as far as that can be proven, and what may be sent to it (research/runtime.md 1.7)."""
