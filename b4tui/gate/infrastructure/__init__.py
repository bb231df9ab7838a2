"""What names or numbers the operator's machines: addresses of networks, hosts nobody outside can resolve, targets."""
