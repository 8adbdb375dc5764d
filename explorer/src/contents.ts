// What lies in the plane, as the page holds it.
import { Plane } from './engine';

export type Point = [number, number];

export interface Gaussian {
  mean: Point;
  deviations: [number, number];
  angle: number;
}

export interface Contents {
  points: Point[];
  curves: Point[][];
  gaussians: Gaussian[];
}

export const empty = (): Contents => ({ points: [], curves: [], gaussians: [] });

export const count = (of: Contents): number => of.points.length + of.curves.length + of.gaussians.length;

export const copy = (of: Contents): Contents => structuredClone(of);

/** The memory of these contents, computed by the crate. */
export function memoryOf(of: Contents): Plane {
  const gaussians = of.gaussians.flatMap((g) => [...g.mean, ...g.deviations, g.angle]);
  return new Plane(
    new Float64Array(of.points.flat()),
    new Float64Array(of.curves.flat(2)),
    new Uint32Array(of.curves.map((curve) => curve.length)),
    new Float64Array(gaussians),
  );
}

/** A place that stands for memory `n`: the point itself, the middle corner of a curve, the mean of a Gaussian. */
export function placeOf(of: Contents, n: number): Point {
  const points = of.points.length;
  if (n < points) return of.points[n]!;
  const curve = of.curves[n - points];
  if (curve) return curve[curve.length >> 1]!;
  return of.gaussians[n - points - of.curves.length]!.mean;
}

/** Memories that are told apart: a pattern that is stored several times is one group, of its first place. */
export function groups(of: Contents): number[][] {
  const found = new Map<string, number[]>();
  for (let n = 0; n < count(of); n++) {
    const point = of.points[n];
    const key = point ? point.join() : `memory ${n}`;
    const group = found.get(key);
    if (group) group.push(n);
    else found.set(key, [n]);
  }
  return [...found.values()];
}

/** Removes memory `n`. */
export function remove(of: Contents, n: number): void {
  const points = of.points.length;
  if (n < points) of.points.splice(n, 1);
  else if (n < points + of.curves.length) of.curves.splice(n - points, 1);
  else of.gaussians.splice(n - points - of.curves.length, 1);
}

/** The memory nearest to a place, and its distance. Of several in one place it is the last, which lies on top. */
export function nearest(of: Contents, [x, y]: Point): { memory: number; distance: number } {
  let best = { memory: -1, distance: Number.POSITIVE_INFINITY };
  const offer = (memory: number, [a, b]: Point) => {
    const distance = Math.hypot(a - x, b - y);
    if (distance <= best.distance) best = { memory, distance };
  };
  of.points.forEach((point, n) => {
    offer(n, point);
  });
  of.curves.forEach((curve, k) => {
    for (const corner of curve) offer(of.points.length + k, corner);
  });
  of.gaussians.forEach((gaussian, k) => {
    offer(of.points.length + of.curves.length + k, gaussian.mean);
  });
  return best;
}

/** Numbers from a seed, for presets. */
function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const ring = (n: number, radius = 1, from = Math.PI / 2): Point[] =>
  Array.from({ length: n }, (_, k) => {
    const angle = from + (2 * Math.PI * k) / n;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });

function scattered(n: number, seed: number): Point[] {
  const next = stream(seed);
  return Array.from({ length: n }, () => [3 * next() - 1.5, 3 * next() - 1.5]);
}

function clusters(): Point[] {
  const next = stream(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return [-1, 1].flatMap((side) =>
    Array.from({ length: 8 }, (): Point => [side + 0.22 * normal(), 0.5 * side + 0.22 * normal()]),
  );
}

function spiral(): Point[] {
  return Array.from({ length: 60 }, (_, k) => {
    const turn = 0.8 + (k / 59) * 3.6;
    return [0.33 * turn * Math.cos(turn), 0.33 * turn * Math.sin(turn)];
  });
}

export interface Preset {
  name: string;
  title: string;
  contents: () => Contents;
}

export const PRESETS: Preset[] = [
  { name: 'circle', title: 'Five patterns on a circle', contents: () => ({ ...empty(), points: ring(5) }) },
  {
    name: 'two',
    title: 'Two patterns',
    contents: () => ({
      ...empty(),
      points: [
        [-1, 0],
        [1, 0],
      ],
    }),
  },
  {
    name: 'corners',
    title: 'Four corners of a rectangle',
    contents: () => ({
      ...empty(),
      points: [
        [-1.2, -0.6],
        [1.2, -0.6],
        [1.2, 0.6],
        [-1.2, 0.6],
      ],
    }),
  },
  { name: 'clusters', title: 'Two clusters of eight', contents: () => ({ ...empty(), points: clusters() }) },
  {
    name: 'curve',
    title: 'A curve and two patterns',
    contents: () => ({
      ...empty(),
      curves: [spiral()],
      points: [
        [1.4, 1.2],
        [-1.4, 1.2],
      ],
    }),
  },
  {
    name: 'gist',
    title: 'Events and their gist, a Gaussian',
    contents: () => ({
      points: [
        [0.8, 0.35],
        [-0.7, 0.6],
        [-0.2, -0.85],
      ],
      curves: [],
      gaussians: [{ mean: [0, 0], deviations: [0.6, 0.6], angle: 0 }],
    }),
  },
  {
    name: 'hundred',
    title: 'A hundred patterns',
    contents: () => ({ ...empty(), points: scattered(100, 3) }),
  },
];
