"""One frame on its way through conversion, tracking, motion and drawing."""
