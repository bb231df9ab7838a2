"""llama.cpp in a child process of our own, from a GGUF file of the operator's (research/runtime.md 5)."""
