"""Colours and widths of the drawing."""

from dataclasses import dataclass

Colour = tuple[int, int, int]

# The shorter side, in pixels, of the frames that the widths are designed for.
REFERENCE_SIZE = 480


@dataclass(frozen=True, slots=True)
class Style:
    """Colours are RGB. Widths and radii are in pixels at the reference size, and scale with the frame."""

    # Orange and sky blue of Okabe and Ito's palette, slightly lighter: distinguishable with all types of colour
    # blindness.
    left: Colour = (255, 167, 38)
    right: Colour = (79, 180, 255)
    middle: Colour = (245, 245, 245)
    # Bluish green, reddish purple and yellow of the same palette, lighter, too.
    others: tuple[Colour, ...] = ((84, 214, 166), (236, 156, 208), (240, 228, 66))
    """In place of `middle`, for the second person and further ones"""
    # Drawn under lines and dots, so that they stand out on bright images, too.
    outline: Colour = (24, 26, 32)

    mesh: Colour = (205, 236, 255)
    mesh_width: float = 0.9
    veil_opacity: float = 0.38
    """Opacity of the mesh, and of the outlines of the face's contours"""
    mesh_face_size: int = 112
    """Smaller faces are drawn without the mesh, which would be a blur. In frames below the reference size, this is in
    actual pixels"""

    limb_width: float = 3
    joint_radius: float = 4
    finger_width: float = 2
    knuckle_radius: float = 2.5
    slim_hand_size: int = 100
    """Smaller hands have thinner lines"""
    contour_width: float = 1
    outline_width: float = 1

    @property
    def persons(self) -> tuple[Colour, ...]:
        """The colours that tell people apart, by id. After the last, they start over."""
        return self.middle, *self.others


STYLE = Style()
