"""Telemetry: what the machine is really doing. GPU by NVML, host by psutil. A figure that cannot be had is None."""
