"""What ``holistic-rtc doctor`` checks, one check a file."""
