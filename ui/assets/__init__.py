"""Outline data of the port map and the script that made it."""
