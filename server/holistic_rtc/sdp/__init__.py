"""Parses and writes SDP offers, answers and candidates, without a WebRTC stack."""
