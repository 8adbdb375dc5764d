// How many frames a second the page draws, by the browser's own trace: 2,000 particles among 100 memories, the surface drawn
// anew for each frame. Rendered in software. Prints one line of JSON.
//
//   node test/frames.mjs [SECONDS]
import { launch, open } from './browser.mjs';

const seconds = Number(process.argv[2] ?? 6);
const browser = await launch();
const { page } = await open(browser, 'memory=hundred&n=2000&show=surface,contours,trails');
const client = await page.context().newCDPSession(page);
const events = [];
client.on('Tracing.dataCollected', ({ value }) => events.push(...value));
await page.click('#create');
await client.send('Tracing.start', {
  categories: 'devtools.timeline,devtools.timeline.frame',
  transferMode: 'ReportEvents',
});
await page.waitForTimeout(1000 * Math.min(6, seconds));
const done = new Promise((resolve) => client.once('Tracing.tracingComplete', resolve));
await client.send('Tracing.end');
await done;
const drawn = events
  .filter(({ name }) => name === 'AnimationFrame::Presentation')
  .map(({ ts }) => ts / 1e3)
  .sort((a, b) => a - b);
const scripts = events.filter(({ name }) => name === 'FireAnimationFrame').map(({ dur }) => dur / 1e3);
const gaps = drawn
  .slice(1)
  .map((at, k) => at - drawn[k])
  .sort((a, b) => a - b);
const at = (values, share) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
scripts.sort((a, b) => a - b);
const result = {
  frames_per_second: Number(((1000 * (drawn.length - 1)) / (drawn.at(-1) - drawn[0])).toFixed(1)),
  gap_median_ms: Number(at(gaps, 0.5)?.toFixed(2)),
  gap_95_ms: Number(at(gaps, 0.95)?.toFixed(2)),
  script_median_ms: Number(at(scripts, 0.5)?.toFixed(2)),
  script_95_ms: Number(at(scripts, 0.95)?.toFixed(2)),
};
console.log(JSON.stringify(result));
await browser.close();
