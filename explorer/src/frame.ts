// The part of the plane that is shown, and where its points are on the canvas.
import { type Contents, count, type Point, placeOf } from './contents';

export interface Frame {
  centre: Point;
  /** Half of the width and of the height that is shown. */
  half: number;
}

/** The frame of presets, and of contents that fit into it. */
export const USUAL: Frame = { centre: [0, 0], half: 2 };

/** The frame that shows all contents. */
export function frameOf(contents: Contents): Frame {
  const places: Point[] = [...contents.points, ...contents.curves.flat()];
  for (const { mean, deviations } of contents.gaussians) {
    const reach = 2 * Math.max(...deviations);
    places.push([mean[0] - reach, mean[1] - reach], [mean[0] + reach, mean[1] + reach]);
  }
  const fits = places.every((place) => place.every((value) => Math.abs(value) <= 1.9));
  const wide = places.length < 2 || places.some((place) => Math.hypot(...place) > 0.4);
  if (count(contents) === 0 || (fits && wide)) return USUAL;
  const low: Point = [Math.min(...places.map((p) => p[0])), Math.min(...places.map((p) => p[1]))];
  const high: Point = [Math.max(...places.map((p) => p[0])), Math.max(...places.map((p) => p[1]))];
  const extent = Math.max(high[0] - low[0], high[1] - low[1]);
  const half = 0.75 * (extent > 0 ? extent : 2 * Math.abs(placeOf(contents, 0)[0]) || 2);
  return { centre: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2], half };
}

export interface Grid {
  corner: Float64Array;
  step: Float64Array;
  size: Uint32Array;
}

/** A grid of `side` × `side` states over the frame, from border to border; row 0 is at the top. With `inside`, the states
 * are the middles of equal cells. */
export function gridOf({ centre: [x, y], half }: Frame, side: number, inside = false): Grid {
  const step = (2 * half) / (inside ? side : side - 1);
  const off = inside ? step / 2 : 0;
  return {
    corner: Float64Array.of(x - half + off, y + half - off),
    step: Float64Array.of(step, -step),
    size: Uint32Array.of(side, side),
  };
}

/** From the plane to a canvas of this size. */
export const toCanvas = ({ centre, half }: Frame, size: number, x: number, y: number): Point => [
  ((x - centre[0]) / (2 * half) + 0.5) * size,
  (0.5 - (y - centre[1]) / (2 * half)) * size,
];

/** From a canvas of this size to the plane. */
export const toPlane = ({ centre, half }: Frame, size: number, x: number, y: number): Point => [
  centre[0] + (x / size - 0.5) * 2 * half,
  centre[1] + (0.5 - y / size) * 2 * half,
];
