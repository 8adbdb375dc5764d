// Whether memory grows while particles move: creates again and again, and prints the heap of scripts and of WebAssembly.
//
//   node test/heap.mjs [MINUTES]
import { launch, open } from './browser.mjs';

const minutes = Number(process.argv[2] ?? 1);
const browser = await launch();
const { page, faults } = await open(browser, 'n=500');
const sizes = [];
const until = Date.now() + 60_000 * minutes;
while (Date.now() < until) {
  await page.click('#create');
  await page.waitForTimeout(Math.min(8000, 60_000 * minutes));
  sizes.push(
    await page.evaluate(() => {
      // One collection leaves what the next one takes.
      for (let k = 0; k < 3; k++) globalThis.gc();
      return {
        scripts: performance.memory.usedJSHeapSize,
        wasm: Number(document.documentElement.dataset.wasm),
      };
    }),
  );
}
const last = sizes.length - 1;
const middle = sizes[last >> 1];
const grown = sizes[last].scripts - middle.scripts;
console.log(
  JSON.stringify({
    rounds: sizes.length,
    scripts_middle: middle.scripts,
    scripts_end: sizes[last].scripts,
    wasm_middle: middle.wasm,
    wasm_end: sizes[last].wasm,
    faults,
  }),
);
await browser.close();
if (grown > 2e6 || sizes[last].wasm > middle.wasm || faults.length > 0) process.exit(1);
