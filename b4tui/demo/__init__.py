"""The demo: a sample hub and a simulated model server that speaks Ollama's protocol over real HTTP."""
