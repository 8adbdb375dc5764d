// The view of images and its lessons in a real browser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, NATIVE, open, SHOTS } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** Recalls, waits until the last step is shown, and returns what the page says of it. */
async function recall(page) {
  await page.click('#images-recall');
  await page.waitForFunction(() => !document.documentElement.dataset.playing);
  await page.waitForTimeout(350);
  return page.textContent('#step-facts');
}

const same = (facts) => Number(/(\d+) of (?:64|100) units/.exec(facts)[1]);

async function slide(page, id, value) {
  await page.$eval(
    `#${id}`,
    (slider, to) => {
      slider.value = String(to);
      slider.dispatchEvent(new Event('input', { bubbles: true }));
    },
    value,
  );
  await page.waitForTimeout(350);
}

test('lesson overload: of 5 words one comes back, of 40 none; a modern network holds them', async () => {
  const { page, context, faults, requests } = await open(browser, 'lesson=overload');
  const few = await recall(page);
  assert.match(few, /100 of 100 units as in word 1/);
  await slide(page, 'stored', 40);
  assert.ok(same(await recall(page)) < 95);
  await page.selectOption('#model', 'modern');
  assert.match(await recall(page), /100 of 100 units as in word 1/);
  assert.deepEqual([faults, requests], [[], []]);
  await context.close();
});

test('lesson spurious: a blend rests in a classical network, and falls to a word in a modern one', async () => {
  const { page, context } = await open(browser, 'lesson=spurious');
  const facts = await recall(page);
  // Nothing moves: one sweep finds the state at rest, and three words of 100 units leave a blend near none of them.
  assert.match(facts, /Step 1 of 1;/);
  assert.ok(same(facts) < 90, facts);
  for (const model of ['modern']) {
    await page.selectOption('#model', model);
    assert.match(await recall(page), /100 of 100 units as in word/, model);
  }
  await context.close();
});

test('lesson cliff: the classical network falls about 0.14 words a unit, the modern one does not', async () => {
  const { page, context } = await open(browser, 'lesson=cliff');
  await page.waitForFunction(() => document.getElementById('cliff').dataset.done === 'yes', null, {
    timeout: 90_000,
  });
  const [hebb, inverse, modern, dreaming] = JSON.parse(
    await page.$eval('#cliff', (box) => box.dataset.shares),
  );
  const at = ({ x, y }, load) => y[x.indexOf(load)];
  // Amit, Gutfreund & Sompolinsky (1985): 0.138 a unit for large networks.
  assert.ok(at(hebb, 6) > 0.9 && at(hebb, 28) < 0.2, JSON.stringify(hebb));
  assert.ok(at(inverse, 28) > 0.9, JSON.stringify(inverse));
  assert.ok(at(dreaming, 40) > at(inverse, 50), JSON.stringify(dreaming));
  assert.ok(
    modern.y.every((share) => share === 1),
    JSON.stringify(modern),
  );
  await context.close();
});

test('a digit comes back from noise, and from its upper half', async () => {
  const { page, context, faults } = await open(browser, 'view=images');
  assert.match(await recall(page), /64 of 64 units as in a 0 \(no\. 1\)/);
  assert.equal((await page.$$('#charts svg')).length, 3);
  await page.selectOption('#damage', 'half');
  assert.match(await recall(page), /64 of 64 units as in a 0 \(no\. 1\)/);
  // A step in the middle can be looked at again.
  await slide(page, 'step', 3);
  assert.match(await page.textContent('#step-facts'), /^Step 3 of/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('every model recalls every set, or says why not', async () => {
  const { page, context, faults } = await open(browser, 'view=images&damage=noise:0.2');
  const of = (id) => page.$$eval(`#${id} option`, (options) => options.map(({ value }) => value));
  for (const set of await of('set')) {
    await page.selectOption('#set', set);
    for (const model of await of('model')) {
      await page.selectOption('#model', model);
      await recall(page);
      assert.equal(await page.textContent('#images-error'), '', `${set} ${model}`);
      assert.ok(same(await page.textContent('#step-facts')) > 0, `${set} ${model}`);
    }
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('many recalls of an ambiguous cue divide, and imagination makes stored digits', async () => {
  const { page, context } = await open(browser, 'view=images&stored=2&cue=blend&damage=noise:1');
  await page.click('#images-repeat');
  const counts = await page.$$eval('#images-many li', (rows) =>
    rows.map((row) => Number(/: (\d+) of 100/.exec(row.textContent)[1])),
  );
  assert.equal(counts.length, 2);
  assert.equal(counts[0] + counts[1], 100);
  assert.ok(counts[1] > 5, `${counts}`);
  await page.click('#images-imagine');
  assert.equal((await page.$$('#imagined canvas')).length, 12);
  await context.close();
});

test('a cue can be drawn, and units made unknown', async () => {
  const { page, context } = await open(browser, 'view=images&damage=none');
  const box = await page.locator('#cue').boundingBox();
  await page.check('input[name=brush][value=unknown]');
  await page.mouse.move(box.x + 10, box.y + box.height - 10);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 10, box.y + box.height - 10, { steps: 20 });
  await page.mouse.up();
  assert.match(await recall(page), /64 of 64 units as in a 0 \(no\. 1\)/);
  await context.close();
});

/** The numbers of an array of NumPy in double precision. */
function numbers(path) {
  const bytes = readFileSync(path);
  const head = bytes.subarray(10, 10 + bytes.readUInt16LE(8)).toString();
  assert.match(head, /'descr': '<f8', 'fortran_order': False/);
  const from = 10 + bytes.readUInt16LE(8);
  return Array.from({ length: (bytes.length - from) / 8 }, (_, k) => bytes.readDoubleLE(from + 8 * k));
}

test('the command of the page recalls the same in the native program', {
  skip: NATIVE ? false : 'no program in target: cargo build --package attractor-cli',
}, async () => {
  for (const hash of [
    'set=digits&stored=20&model=diffusion&cue=3&damage=noise:0.6&seed=2',
    'set=digits&stored=12&model=diffusion&cue=5&damage=half',
    'set=digits&stored=9&model=dense&cue=2&damage=half',
    'set=digits&stored=20&model=local&cue=4&damage=noise:0.3&window=5',
    'set=digits&stored=15&model=modern&cue=2&damage=noise:0.5',
    'set=words&stored=25&model=hopfield&cue=7&damage=flip:0.2&seed=1',
    'set=words&stored=30&model=pseudo-inverse&cue=blend&damage=half',
    'set=words&stored=30&model=dreaming&dreams=4&cue=2&damage=flip:0.1',
    'set=words&stored=12&model=sequence&cue=3&damage=flip:0.1',
    'set=digits&stored=12&model=sequence&cue=3&damage=noise:0.2',
  ]) {
    const { page, context, faults } = await open(browser, `view=images&${hash}`);
    await recall(page);
    const folder = mkdtempSync(join(tmpdir(), 'explorer-'));
    for (const name of ['memory', 'cue', 'known', 'state']) {
      if (!(await page.isVisible(`#save-${name}-npy`))) continue;
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#save-${name}-npy`)]);
      assert.equal(download.suggestedFilename(), `${name}.npy`);
      await download.saveAs(join(folder, `${name}.npy`));
    }
    for (const line of (await page.textContent('#images-command')).split('\n')) {
      const [program, ...words] = line.split(' ');
      assert.equal(program, 'attractor');
      execFileSync(NATIVE, [...words, '--quiet'], { cwd: folder });
    }
    const [shown, native] = [numbers(join(folder, 'state.npy')), numbers(join(folder, 'recalled.npy'))];
    assert.equal(native.length, shown.length, hash);
    // The page sums in the order of two lanes and without fused multiplication.
    shown.forEach((value, k) => {
      assert.ok(Math.abs(value - native[k]) < 1e-6, `${hash}: unit ${k} is ${value}, ${native[k]}`);
    });
    assert.deepEqual(faults, []);
    rmSync(folder, { recursive: true });
    await context.close();
  }
});

test('dreams take crosstalk away: 30 words of 100 units come back, and Hebb loses them', async () => {
  const { page, context } = await open(
    browser,
    'view=images&set=words&stored=30&model=dreaming&dreams=0&cue=1&damage=flip:0.1',
  );
  assert.ok(same(await recall(page)) < 95);
  const shown = () => page.$eval('#couplings', (canvas) => canvas.toDataURL());
  const before = await shown();
  await slide(page, 'dreams', 7);
  assert.equal(await page.textContent('#dreams-read'), '8');
  assert.notEqual(await shown(), before);
  assert.match(await recall(page), /100 of 100 units as in word 1/);
  assert.match(page.url(), /dreams=8/);
  await context.close();
});

test('a sequence plays the digits in their order', async () => {
  const { page, context, faults } = await open(
    browser,
    'view=images&set=digits&stored=10&model=sequence&cue=3&damage=noise:0.2',
  );
  await recall(page);
  for (const [step, digit] of [
    [1, 3],
    [4, 6],
    [7, 9],
  ]) {
    await slide(page, 'step', step);
    assert.match(
      await page.textContent('#step-facts'),
      new RegExp(`64 of 64 units as in a ${digit} \\(no\\. ${digit + 1}\\)`),
    );
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('the posterior of a step is shown, and falls on one memory at the end', async () => {
  const { page, context } = await open(browser, 'view=images&damage=noise:0.8&stored=50');
  await recall(page);
  const weights = () =>
    page.$$eval('#step-posterior .number', (rows) => rows.map((row) => Number(row.textContent)));
  await slide(page, 'step', 0);
  assert.ok((await weights())[0] < 0.999, `${await weights()}`);
  await slide(page, 'step', 100);
  assert.ok((await weights())[0] > 0.999, `${await weights()}`);
  await page.selectOption('#model', 'dense');
  await recall(page);
  assert.deepEqual(await weights(), []);
  await context.close();
});

test('the state of the view comes back from its address', async () => {
  const hash = 'view=images&set=words&stored=12&model=pseudo-inverse&cue=4&damage=flip:0.2&seed=3';
  const { page, context } = await open(browser, hash);
  const first = await recall(page);
  await page.click('#images-seed');
  await page.waitForTimeout(450);
  assert.match(page.url(), /seed=4/);
  const again = await open(browser, hash);
  assert.equal(await recall(again.page), first);
  await again.context.close();
  await context.close();
});

test('narrow screens and screenshots', async () => {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      for (const [name, hash] of Object.entries({
        images: 'view=images',
        spurious: 'lesson=spurious',
        cliff: 'lesson=cliff',
      })) {
        const { page, context } = await open(browser, hash, {
          colorScheme,
          viewport: { width, height: 900 },
        });
        await recall(page);
        assert.ok(
          await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
          `${name} at ${width}`,
        );
        await page.screenshot({ path: `${SHOTS}${name}-${width}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
    }
  }
});
