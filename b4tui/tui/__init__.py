"""The console. The only package that knows Textual."""
