// Bars of the posterior at the cue.
import { digits, el, made } from './dom';
import { css, memoryColour } from './palette';

/** The largest number of bars. */
const BARS = 8;

/** Draws the posterior of groups of memories, and beside it which share of the particles is of each. */
export function showPosterior(
  values: Float64Array | null,
  groups: number[][],
  shares: Float64Array | null,
  label: (n: number) => string,
): void {
  const list = el('posterior');
  const facts = el('posterior-facts');
  const memories = groups.reduce((sum, group) => sum + group.length, 0);
  if (!values || values.length < memories) {
    list.replaceChildren();
    facts.textContent = 'Put a cue on the plane to see which memory it may come from.';
    return;
  }
  const sum = (of: Float64Array, group: number[]) => group.reduce((all, n) => all + (of[n] ?? 0), 0);
  const rank = (group: number[]) => sum(values, group);
  // Few memories stay in their places, so that bars can be followed.
  const shown =
    groups.length <= BARS
      ? groups
      : [...groups].sort((a, b) => rank(b) - rank(a) || a[0]! - b[0]!).slice(0, BARS);
  const rows = shown.map((group) => {
    const n = group[0]!;
    const name = group.length > 1 ? `${label(n)} ×${group.length}` : label(n);
    return posteriorRow(name, rank(group), n, shares ? sum(shares, group) : null);
  });
  list.replaceChildren(...(shares ? [heading()] : []), ...rows);
  const [entropy, dimension, density] = values.subarray(memories);
  const more = groups.length > BARS ? ` The ${BARS} most probable of ${groups.length}.` : '';
  facts.textContent =
    `Entropy ${digits(entropy!)} nats of ${digits(Math.log(memories))}; ` +
    `local dimension ${digits(dimension!)}; ln p = ${digits(density!)}.${more}`;
}

/** A bar of memory n, and beside it the share of the particles. */
export function posteriorRow(name: string, weight: number, n: number, share: number | null): HTMLElement {
  const row = made('li');
  const bar = made('span', '', 'bar');
  bar.style.setProperty('--share', String(weight));
  bar.style.setProperty('--colour', css(memoryColour(n)));
  const text = made('span', name, 'name');
  text.title = name;
  row.append(text, bar, made('span', weight.toFixed(3), 'number'));
  if (share !== null) {
    bar.append(tick(share));
    row.append(made('span', share.toFixed(3), 'number'));
  }
  return row;
}

function tick(share: number): HTMLElement {
  const mark = made('span', '', 'tick');
  mark.style.setProperty('--share', String(share));
  return mark;
}

function heading(): HTMLElement {
  const row = made('li', '', 'heading');
  row.append(
    made('span'),
    made('span'),
    made('span', 'posterior', 'number'),
    made('span', 'particles', 'number'),
  );
  return row;
}
