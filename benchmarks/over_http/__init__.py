"""What the sections over HTTP share: the server, the contestants, and what is made of the server's log."""
