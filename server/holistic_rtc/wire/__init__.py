"""The two encodings of landmark messages: :mod:`.as_flatbuffers` and :mod:`.as_json`."""
