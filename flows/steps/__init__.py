"""The stages of a run, one thin module each."""
