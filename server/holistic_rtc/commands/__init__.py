"""What each command of ``holistic-rtc`` does."""
