"""Offers, answers and candidates as text (SDP), understood without a WebRTC stack."""
