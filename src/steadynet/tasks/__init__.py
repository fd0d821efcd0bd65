"""What experiments train on: data, networks and the loop around them, shared by the questions."""
