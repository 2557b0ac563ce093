"""A stock market that never was, whose truth is known, served as its vendors would serve it."""
