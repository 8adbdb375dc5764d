// Colours: one blue scale for energies, whose lightness alone tells the height, and eight that colour-blind readers tell apart
// (Okabe & Ito 2008). What is orange moves.
export type Theme = 'light' | 'dark';

type Rgb = [number, number, number];

// From valley to height.
const SCALES: Record<Theme, Rgb[]> = {
  light: [
    [22, 58, 95],
    [52, 104, 148],
    [111, 157, 190],
    [178, 205, 221],
    [229, 237, 240],
    [247, 249, 248],
  ],
  dark: [
    [148, 200, 232],
    [84, 142, 184],
    [46, 92, 132],
    [28, 56, 86],
    [17, 33, 52],
    [12, 22, 36],
  ],
};

/** 256 colours of a theme's scale, as red, green, blue. */
export function scale(theme: Theme): Uint8Array {
  const stops = SCALES[theme];
  const table = new Uint8Array(256 * 3);
  for (let k = 0; k < 256; k++) {
    const at = (k / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      const a = stops[low]![c]!;
      table[3 * k + c] = Math.round(a + (at - low) * (stops[low + 1]![c]! - a));
    }
  }
  return table;
}

const MEMORIES: Rgb[] = [
  [230, 159, 0],
  [0, 158, 115],
  [86, 180, 233],
  [204, 121, 167],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [140, 140, 140],
];

/** The colour of memory n. They come again after eight, so numbers stand beside them. */
export const memoryColour = (n: number): Rgb => MEMORIES[n % MEMORIES.length]!;

export const css = ([r, g, b]: Rgb, alpha = 1): string => `rgb(${r} ${g} ${b} / ${alpha})`;

export interface Ink {
  contour: string;
  pull: string;
  hopfield: string;
  particle: string;
  trail: string;
  pattern: string;
  edge: string;
  cue: string;
  cursor: string;
}

export const INKS: Record<Theme, Ink> = {
  light: {
    contour: 'rgb(15 35 60 / 0.32)',
    pull: 'rgb(10 24 40 / 0.62)',
    hopfield: '#ffd23f',
    particle: '#d9480f',
    trail: '#d9480f',
    pattern: '#ffffff',
    edge: '#10233a',
    cue: '#b5179e',
    cursor: '#10233a',
  },
  dark: {
    contour: 'rgb(220 236 250 / 0.22)',
    pull: 'rgb(235 244 252 / 0.62)',
    hopfield: '#9b2c00',
    particle: '#ff9f45',
    trail: '#ff9f45',
    pattern: '#0b1524',
    edge: '#f2f7fc',
    cue: '#ff8ad8',
    cursor: '#f2f7fc',
  },
};
