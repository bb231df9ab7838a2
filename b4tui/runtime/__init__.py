"""The runtime: queues, scheduler and supervisor that tie the parts into one running system. It knows no screen."""
