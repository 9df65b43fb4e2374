"""What may spoil a study of some data, looked for before anything is trained."""
