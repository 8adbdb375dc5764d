// The energy surface: a picture of few cells that the canvas enlarges, and contours.
import { memoryColour } from './palette';

export interface Field {
  side: number;
  values: Float64Array;
}

/** Heights from 0 (lowest) to 1 (highest). The root shows more of the valleys. */
export function heights({ values }: Field): Float64Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = high > low ? high - low : 1;
  const scaled = new Float64Array(values.length);
  for (let k = 0; k < values.length; k++) scaled[k] = Math.sqrt((values[k]! - low) / range);
  return scaled;
}

/** The picture of heights in a scale of 256 colours. */
export function shade(heights: Float64Array, side: number, table: Uint8Array): ImageData {
  const picture = new ImageData(side, side);
  const data = picture.data;
  for (let k = 0; k < heights.length; k++) {
    const colour = 3 * Math.min(255, Math.max(0, Math.round(255 * heights[k]!)));
    data[4 * k] = table[colour]!;
    data[4 * k + 1] = table[colour + 1]!;
    data[4 * k + 2] = table[colour + 2]!;
    data[4 * k + 3] = 255;
  }
  return picture;
}

/** What stands for a memory where recall does not end in one. */
const NOWHERE = 0xffffffff;

/** The picture of basins: the colour of the memory where recall from each cell ends, in the light of the theme. */
export function basinPicture(memories: Uint32Array, side: number, table: Uint8Array): ImageData {
  /** The share of the memory's colour; the rest is the colour of heights. */
  const share = 0.55;
  const picture = new ImageData(side, side);
  memories.forEach((memory, k) => {
    const own = memory === NOWHERE ? 0 : share;
    const mixed = memoryColour(memory).map((value, c) => own * value + (1 - own) * table[765 + c]!);
    picture.data.set([...mixed, 255], 4 * k);
  });
  return picture;
}

/** How many contours there are. */
const CONTOURS = 16;

/** Segments of contours of a field of heights, as x, y, x, y in units of the side, by marching squares. */
export function contours(heights: Float64Array, side: number): number[] {
  const lines: number[] = [];
  const last = side - 1;
  for (let level = 1; level < CONTOURS; level++) {
    const at = level / CONTOURS;
    for (let row = 0; row < last; row++) {
      for (let column = 0; column < last; column++) {
        const k = row * side + column;
        const a = heights[k]! - at;
        const b = heights[k + 1]! - at;
        const c = heights[k + side + 1]! - at;
        const d = heights[k + side]! - at;
        if (a > 0 === b > 0 && b > 0 === c > 0 && c > 0 === d > 0) continue;
        const ends: number[] = [];
        if (a > 0 !== b > 0) ends.push(column + a / (a - b), row);
        if (b > 0 !== c > 0) ends.push(column + 1, row + b / (b - c));
        if (d > 0 !== c > 0) ends.push(column + d / (d - c), row + 1);
        if (a > 0 !== d > 0) ends.push(column, row + a / (a - d));
        for (let e = 0; e + 3 < ends.length; e += 4) {
          for (let i = 0; i < 4; i++) lines.push(ends[e + i]! / last);
        }
      }
    }
  }
  return lines;
}
