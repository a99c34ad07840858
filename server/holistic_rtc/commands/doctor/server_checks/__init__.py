"""What ``holistic-rtc doctor --url`` checks of a running server, one check a file."""
