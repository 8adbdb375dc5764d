// The capacity cliff: how many of the stored words come back, as more are stored.
import { chart, type Line, legend } from './chart';
import { made } from './dom';
import { flipped, Images, random_words } from './engine';

const UNITS = 100;
/** A tenth of the units of each cue is flipped, and at least 99 of 100 must come back. */
const DAMAGE = 0.1;
const RIGHT = 0.99;
const CUES = 30;
const LOADS = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 34, 40, 50, 60];
const CONTENDERS = [
  { name: 'classical (Hebb)', model: 'hopfield', options: 'update\nasynchronous\n' },
  { name: 'pseudo-inverse', model: 'hopfield', options: 'update\nasynchronous\nrule\npseudo-inverse\n' },
  { name: 'modern', model: 'modern', options: '' },
  {
    name: 'dreaming, t = 8',
    model: 'hopfield',
    options: 'update\nasynchronous\nrule\ndreaming\ndreams\n8\n',
  },
];

/** The share of cues whose recall is right, of the first `count` words. */
function share(words: Float64Array, count: number, model: string, options: string): number {
  const memory = new Images(model, options, words.subarray(0, count * UNITS), UNITS, false);
  const cues = Math.min(CUES, count);
  const damaged = new Float64Array(cues * UNITS);
  for (let n = 0; n < cues; n++) {
    damaged.set(flipped(words.subarray(n * UNITS, (n + 1) * UNITS), DAMAGE, n), n * UNITS);
  }
  const ends = memory.ends(damaged, UNITS, Number.NaN, 0);
  const states = ends.states();
  ends.free();
  memory.free();
  let right = 0;
  for (let n = 0; n < cues; n++) {
    let same = 0;
    for (let k = 0; k < UNITS; k++)
      same += Math.sign(states[n * UNITS + k]!) === words[n * UNITS + k]! ? 1 : 0;
    if (same >= RIGHT * UNITS) right += 1;
  }
  return right / cues;
}

/** Measures load by load, and draws what is there so far. */
export function capacityCliff(box: HTMLElement): void {
  const words = random_words(LOADS[LOADS.length - 1]!, UNITS, 2) as Float64Array<ArrayBuffer>;
  const lines: Line[] = CONTENDERS.map(({ name }) => ({ name, x: [], y: [] }));
  const mark = {};
  running.set(box, mark);
  const next = (k: number) => {
    if (running.get(box) !== mark) return;
    const load = LOADS[k];
    if (load === undefined) {
      box.dataset.done = 'yes';
      box.dataset.shares = JSON.stringify(lines);
      return;
    }
    CONTENDERS.forEach(({ model, options }, n) => {
      lines[n]!.x.push(load);
      lines[n]!.y.push(share(words, load, model, options));
    });
    const title = 'share of words that are recalled, by the number of stored words';
    const drawn = chart(lines, {
      title,
      across: 'stored words of 100 units',
      // On a narrow screen the chart is narrow, and its letters stay as large.
      width: Math.min(520, Math.max(280, box.clientWidth)),
      height: 240,
      range: [0, 1],
    });
    box.replaceChildren(
      made('p', 'The share of words that come back from cues with a tenth of their units flipped.', 'quiet'),
      legend(lines),
      drawn,
    );
    setTimeout(() => next(k + 1), 0);
  };
  delete box.dataset.done;
  next(0);
}

/** The latest run in each box, so that an earlier one stops. */
const running = new WeakMap<HTMLElement, object>();
