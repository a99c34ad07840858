"""Colours and widths of the drawing."""

from dataclasses import dataclass

Colour = tuple[int, int, int]

# The shorter side, in pixels, of the frames that the widths are meant for.
REFERENCE_SIZE = 480


@dataclass(frozen=True, slots=True)
class Style:
    """Colours are RGB. Widths and radii are in pixels of a frame of the reference size, and grow with the frame."""

    # Orange and sky blue of Okabe and Ito's palette, a little lighter: told apart with every kind of colour blindness.
    left: Colour = (255, 167, 38)
    right: Colour = (79, 180, 255)
    middle: Colour = (245, 245, 245)
    # Lies under lines and dots, so that they show on a light picture too.
    outline: Colour = (24, 26, 32)

    mesh: Colour = (205, 236, 255)
    mesh_width: float = 0.9
    veil_opacity: float = 0.38
    """Of the mesh, and of the outlines of the face's contours."""
    mesh_face_size: int = 112
    """The mesh of a smaller face would be a haze: in a frame under the reference size this counts real pixels."""

    limb_width: float = 3
    joint_radius: float = 4
    finger_width: float = 2
    knuckle_radius: float = 2.5
    slim_hand_size: int = 100
    """A smaller hand has finer lines."""
    contour_width: float = 1
    outline_width: float = 1


STYLE = Style()
