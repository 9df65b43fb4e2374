"""Any network, computed for many seeds at once by PyTorch."""
