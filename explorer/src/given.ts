// The memory that `attractor explore --memory` has written into the page.
import type { Contents } from './contents';
import { el } from './dom';

export interface Given {
  name: string;
  contents: Contents;
  labels: string[];
}

/** The memory in the page, or null if it has none. */
export function givenMemory(): Given | null {
  const data: unknown = JSON.parse(el('memory').textContent ?? 'null');
  if (typeof data !== 'object' || data === null) return null;
  const { name, labels, points, curves, gaussians } = data as Contents & { name: string; labels: string[] };
  return { name, contents: { points, curves, gaussians }, labels };
}
