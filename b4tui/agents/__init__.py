"""Agents: profiles, the loop, the tools, the sandbox, the workspaces."""
