// The memory that `attractor explore --memory` has written into the page.
import type { Contents } from './contents';
import { el } from './dom';
import type { ImageSet } from './sets';

export interface Given {
  name: string;
  labels: string[];
  contents: Contents | null;
  images: ImageSet | null;
}

interface Written extends Contents {
  name: string;
  labels: string[];
  size?: [number, number];
  raw: boolean;
  rows: number[][];
}

/** The memory in the page, or null if it has none. */
export function givenMemory(): Given | null {
  const data = JSON.parse(el('memory').textContent ?? 'null') as Written | null;
  if (data === null) return null;
  const { name, labels, size, raw, rows, points, curves, gaussians } = data;
  if (!size) return { name, labels, contents: { points, curves, gaussians }, images: null };
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    for (const value of row) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const images: ImageSet = {
    title: name,
    shape: { height: size[0], width: size[1], range: low < high ? [low, high] : [low - 1, high + 1] },
    count: rows.length,
    raw,
    spins: !raw && rows.every((row) => row.every((value) => Math.abs(value) === 1)),
    images: (count) => Float64Array.from(rows.slice(0, count).flat()),
    label: (n) => labels[n] ?? `image ${n + 1}`,
  };
  return { name, labels, contents: null, images };
}

/** What the page shows first if its address does not say it. */
export const firstState = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name=attractor-state]')?.content ?? '';
