"""Numbers in parameters of requests."""


def is_in(numbers: range, value: str) -> bool:
    """Whether this is one of the numbers, in ASCII digits. Python's ``int`` fails on thousands of them."""
    return value.isascii() and value.isdigit() and len(value) <= len(str(numbers[-1])) and int(value) in numbers
