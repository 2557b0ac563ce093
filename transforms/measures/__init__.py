"""What segments look like: each module turns core frames into the frame of one mart."""
