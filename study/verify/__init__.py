"""Whether what is stored of a run is right: integrity, recomputing, retraining."""
