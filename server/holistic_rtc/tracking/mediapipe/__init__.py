"""MediaPipe's HolisticLandmarker as a tracking engine."""
