// Small line charts as SVG, in the colours of the page.
import { made } from './dom';
import { css, memoryColour } from './palette';

export interface Line {
  name: string;
  x: number[];
  y: number[];
}

const SPACE = 'http://www.w3.org/2000/svg';

function part(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** The colours and dashes of lines. */
const COLOURS = [6, 5, 1, 3];
const DASHES = ['', '7 3', '2 3', '9 3 2 3'];

/** How line n is drawn; one line alone, −1, has the colour of text. */
const stroke = (n: number): Record<string, string | number> => ({
  stroke: n < 0 ? 'currentColor' : css(memoryColour(COLOURS[n % COLOURS.length]!)),
  'stroke-width': 2,
  'stroke-dasharray': DASHES[Math.max(0, n) % DASHES.length]!,
});

/** What the lines are, to stand above their chart. */
export function legend(lines: Line[]): HTMLElement {
  const list = made('ul', '', 'legend');
  lines.forEach(({ name }, n) => {
    const sample = part('svg', { viewBox: '0 0 24 8', width: 24, height: 8, 'aria-hidden': 'true' });
    sample.append(part('path', { d: 'M0 4h24', ...stroke(n) }));
    const item = made('li');
    item.append(sample, name);
    list.append(item);
  });
  return list;
}

const short = (value: number): string => {
  const size = Math.abs(value);
  const far = size >= 1e5 || (size !== 0 && size < 1e-3);
  return (far ? value.toExponential(0) : String(Number(value.toPrecision(3))))
    .replaceAll('-', '−')
    .replace('+', '');
};

export interface Axes {
  title: string;
  /** What stands under the axis. */
  across: string;
  width: number;
  height: number;
  /** The range of y; found from the lines without it. */
  range?: [number, number];
  /** A place on the x axis to mark. */
  mark?: number;
}

/** A chart of lines. One line alone needs no legend. */
export function chart(lines: Line[], { title, across, width, height, range, mark }: Axes): SVGElement {
  const [left, right, top, bottom] = [44, 8, 8, 30];
  const all = (of: (line: Line) => number[]) => lines.flatMap(of).filter(Number.isFinite);
  const xs = all(({ x }) => x);
  const ys = all(({ y }) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs, Math.min(...xs) + 1e-9)];
  // A line that is flat lies in the middle, and its height is named once.
  const [low, high] = range ?? [Math.min(...ys), Math.max(...ys)];
  const flat = short(low) === short(high);
  const [y0, y1] = flat ? [low - 1, high + 1] : [low, high];
  const at = (x: number) => left + ((x - x0) / (x1 - x0)) * (width - left - right);
  const up = (y: number) => height - bottom - ((y - y0) / (y1 - y0)) * (height - top - bottom);
  const svg = part('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'chart',
    // Letters are no larger than in text.
    style: `max-width: ${width}px`,
    role: 'img',
    'aria-label': title,
  });
  const frame = `M${left} ${top}V${height - bottom}H${width - right}`;
  svg.append(part('path', { d: frame, class: 'axis' }));
  for (const y of flat ? [low] : [low, high])
    svg.append(part('text', { x: left - 5, y: up(y) + 4, 'text-anchor': 'end' }, short(y)));
  for (const [x, anchor] of [
    [x0, 'start'],
    [x1, 'end'],
  ] as const) {
    svg.append(part('text', { x: at(x), y: height - bottom + 14, 'text-anchor': anchor }, short(x)));
  }
  svg.append(part('text', { x: (left + width - right) / 2, y: height - 4, 'text-anchor': 'middle' }, across));
  if (mark !== undefined)
    svg.append(part('path', { d: `M${at(mark)} ${top}V${height - bottom}`, class: 'here' }));
  lines.forEach(({ x, y }, n) => {
    const points = x.map((value, k) => [value, y[k]!]).filter(([, value]) => Number.isFinite(value));
    const d = points
      .map(([a, b], k) => `${k === 0 ? 'M' : 'L'}${at(a!).toFixed(1)} ${up(b!).toFixed(1)}`)
      .join('');
    svg.append(part('path', { d, fill: 'none', ...(lines.length > 1 ? stroke(n) : stroke(-1)) }));
  });
  return svg;
}
