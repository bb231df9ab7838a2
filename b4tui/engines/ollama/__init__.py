"""An engine that is an Ollama server."""
