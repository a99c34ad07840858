import { BufferAttribute, Mesh, MeshBasicMaterial, RingGeometry } from "three";

/** In metres, of somebody 1.7 m tall. */
const RADIUS = 0.42;
const DARKNESS = 0.5;

/** A soft shadow on the floor, as on a day without sun: dark in its middle and nothing at its edge. */
export function makeShadow(): Mesh {
  const geometry = new RingGeometry(0, RADIUS, 48, 12);
  const places = geometry.getAttribute("position");
  const colours = new BufferAttribute(new Float32Array(places.count * 4), 4); // Black, of some opacity.
  for (let i = 0; i < places.count; i++) {
    const inwards = Math.max(0, 1 - Math.hypot(places.getX(i), places.getY(i)) / RADIUS);
    colours.setW(i, DARKNESS * inwards ** 1.7);
  }
  geometry.setAttribute("color", colours);
  geometry.rotateX(-Math.PI / 2);
  return new Mesh(geometry, new MeshBasicMaterial({ vertexColors: true, transparent: true, depthWrite: false }));
}
