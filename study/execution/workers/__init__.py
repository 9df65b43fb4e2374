"""Who works on blocks: this process, threads, processes, or a cluster."""
