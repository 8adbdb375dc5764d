// The stored images: shipped digits, random words of ±1, or the memory that was given with the page.

import digitImages from '../../crates/attractor-data/assets/digits-images-idx3-ubyte.gz';
import digitLabels from '../../crates/attractor-data/assets/digits-labels-idx1-ubyte.gz';
import { gunzip, random_words } from './engine';
import type { Shape } from './pixels';

export interface ImageSet {
  title: string;
  shape: Shape;
  /** How many there are. */
  count: number;
  /** Whether values are grey levels, which are prepared, or ±1, which are not. */
  raw: boolean;
  /** Whether all values are ±1. */
  spins: boolean;
  /** The first `count` images, row by row. */
  images: (count: number) => Float64Array;
  label: (n: number) => string;
}

/** Random words of this many units, as 10 × 10 pixels. */
const WORDS = { side: 10, most: 60, seed: 1 };
const DIGITS = 1797;
/** The largest number of digits that is stored at once. */
const MOST_DIGITS = 300;

/** The sets of images. */
export async function imageSets(): Promise<Record<string, ImageSet>> {
  const bytes = new Uint8Array(await gunzip(digitImages));
  const names = new Uint8Array(await gunzip(digitLabels));
  const [first, label] = [bytes.length - DIGITS * 64, names.length - DIGITS];
  return {
    digits: {
      title: 'Handwritten digits, 8 × 8',
      shape: { height: 8, width: 8, range: [0, 1] },
      count: MOST_DIGITS,
      raw: true,
      spins: false,
      // Sixteen grey levels above 0.
      images: (count) => Float64Array.from(bytes.subarray(first, first + 64 * count), (value) => value / 16),
      label: (n) => `a ${names[label + n]!} (no. ${n + 1})`,
    },
    words: {
      title: 'Random words of 100 units',
      shape: { height: WORDS.side, width: WORDS.side, range: [-1, 1] },
      count: WORDS.most,
      raw: false,
      spins: true,
      images: (count) => random_words(count, WORDS.side ** 2, WORDS.seed) as Float64Array<ArrayBuffer>,
      label: (n) => `word ${n + 1}`,
    },
  };
}
