"""How tools write scores: a file for each, with the facts that it rests on."""
