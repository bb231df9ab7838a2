"""An engine that is an OpenAI-compatible server: vLLM, llama-server, LocalAI and others."""
