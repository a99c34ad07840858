from io import BytesIO

import pytest

from holistic_rtc.errors import MediaError
from holistic_rtc.files.pictures import MAX_SCANS, decode_picture
from tests.kit.abuse import jpeg_with_scans


def test_a_progressive_jpeg_may_have_so_many_scans_and_no_more() -> None:
    # Pillow writes 10.
    assert decode_picture(BytesIO(jpeg_with_scans(64, 48, MAX_SCANS - 10))).shape == (48, 64, 3)
    with pytest.raises(MediaError, match="more than 32 scans"):
        decode_picture(BytesIO(jpeg_with_scans(64, 48, MAX_SCANS - 9)))
