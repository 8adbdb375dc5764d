// The page in a real browser. `./check --explorer` runs this.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { column, launch, NATIVE, open, SHOTS, settled, turn } from './browser.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** Where a state is on the screen. */
async function spot(page, x, y) {
  await page.locator('#ink').scrollIntoViewIfNeeded();
  const box = await page.locator('#ink').boundingBox();
  return [box.x + (x / 4 + 0.5) * box.width, box.y + (0.5 - y / 4) * box.height];
}

const number = async (page, id) => Number((await page.textContent(`#${id}`)).replace('−', '-'));

test('the page checks itself, and asks for nothing', async () => {
  const { page, context, faults, requests } = await open(browser);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.check), 'ok');
  assert.match(await page.textContent('#check-sum'), /✓ self-check 3\/3/);
  await page.click('#create');
  await page.waitForTimeout(500);
  assert.deepEqual(faults, []);
  assert.deepEqual(requests, []);
  await context.close();
});

test('one knob: σ, β and t say the same level', async () => {
  const { page, context } = await open(browser);
  for (const sigma of [1, 0.5, 0.1]) {
    await turn(page, sigma);
    const read = await number(page, 'read-sigma');
    assert.ok(Math.abs(read / sigma - 1) < 0.01, `${read}`);
    assert.ok(Math.abs((await number(page, 'read-beta')) * read ** 2 - 1) < 0.02);
    // θ = 1/√(1 + σ²) of a variance-preserving process.
    assert.ok(Math.abs((await number(page, 'read-theta')) - 1 / Math.hypot(1, read)) < 0.006);
  }
  await context.close();
});

test('lesson one-knob: both arrows coincide on a circle, and part when a pattern leaves it', async () => {
  const { page, context, faults } = await open(browser, 'lesson=one-knob');
  assert.match(await page.textContent('#arrows-facts'), /The arrows coincide/);
  await page.mouse.move(...(await spot(page, 0, 1)));
  await page.mouse.down();
  await page.mouse.move(...(await spot(page, 0, 1.6)), { steps: 5 });
  await page.mouse.up();
  await settled(page);
  assert.match(await page.textContent('#arrows-facts'), /Largest difference of the arrows/);
  assert.match(page.url(), /p=0,1\.6/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('lesson creation: particles divide as the posterior says, and creation reaches every memory', async () => {
  const { page, context } = await open(browser, 'lesson=creation&memory=corners&cue=0.3,0.35&sigma=1&n=2000');
  const asked = await column(page, 0);
  await page.click('#recall');
  await settled(page);
  const [posterior, particles] = [await column(page, 0), await column(page, 1)];
  assert.deepEqual(posterior, asked);
  // Six standard errors of a share of 2,000 particles, and the error of steps of 5 % in σ.
  posterior.forEach((share, n) => {
    assert.ok(Math.abs(share - particles[n]) < 6 * Math.sqrt(0.25 / 2000), `${posterior} ${particles}`);
  });
  await page.click('#create');
  await settled(page);
  for (const share of await column(page, 1)) assert.ok(Math.abs(share - 0.25) < 0.07, `${share}`);
  await context.close();
});

test('lesson curve: the local dimension beside the curve is about 1', async () => {
  const { page, context } = await open(browser, 'lesson=curve');
  await turn(page, 0.12);
  // A corner of the spiral: its turn 2.6 of 0.8 + 3.6 k/59.
  const [x, y] = [0.33 * 2.6 * Math.cos(2.6), 0.33 * 2.6 * Math.sin(2.6)];
  await page.mouse.click(...(await spot(page, x, y)));
  await settled(page);
  const dimension = Number(/local dimension ([\d.]+)/.exec(await page.textContent('#posterior-facts'))[1]);
  assert.ok(Math.abs(dimension - 1) < 0.25, `${dimension}`);
  await context.close();
});

test('lesson false-memory: a lure ends on the Gaussian as its posterior says, and an event as itself', async () => {
  const { page, context } = await open(browser, 'lesson=false-memory');
  await page.click('#recall');
  await settled(page);
  const gist = (await column(page, 0)).at(-1);
  // Six standard errors of a share of 400 particles.
  assert.ok(
    gist > 0.95 && Math.abs(gist - (await column(page, 1)).at(-1)) < 6 * Math.sqrt(0.25 / 400),
    `${gist}`,
  );
  await page.mouse.click(...(await spot(page, 0.8, 0.35)));
  await settled(page);
  assert.ok((await column(page, 0))[0] > 0.8, `${await column(page, 0)}`);
  await context.close();
});

test('lesson copying: stored again five times, a pattern is created six times as often', async () => {
  const { page, context } = await open(browser, 'lesson=copying&n=2000');
  for (let k = 0; k < 5; k++) await page.click('#duplicate');
  assert.match(await page.textContent('#duplicate-read'), /6 times/);
  await page.click('#create');
  await settled(page);
  const [first, ...others] = await column(page, 1);
  // Six standard errors of a share of 2,000 particles, and the error of steps of 5 % in σ.
  assert.ok(Math.abs(first - 0.6) < 6 * Math.sqrt(0.24 / 2000), `${first}`);
  assert.equal(others.length, 4);
  const url = new URLSearchParams(new URL(page.url()).hash.slice(1));
  assert.equal(url.get('p').split(',').length, 2 * 10);
  await context.close();
});

test('speciation and collapse are marked where the formulas say', async () => {
  const { page, context } = await open(browser, 'memory=two');
  // Two patterns at ±1: σ² = 1.
  assert.match(await page.textContent('#critical'), /Speciation at σ = 1,/);
  assert.ok(await page.isVisible('#mark-speciation'));
  await page.check('#show-minima');
  await turn(page, 1.2);
  assert.match(await page.textContent('#minima-facts'), /^1 minimum/);
  await turn(page, 0.8);
  assert.match(await page.textContent('#minima-facts'), /^2 minima/);
  await context.close();
});

test('every energy is drawn, and every state comes back from its address', async () => {
  const { page, context, faults } = await open(browser);
  const values = await page.$$eval('#landscape option', (options) => options.map((option) => option.value));
  assert.equal(values.length, 11);
  for (const value of values) {
    await page.selectOption('#landscape', value);
    await settled(page);
    assert.equal(await page.textContent('#energy-error'), '', value);
  }
  const presets = await page.$$eval('#preset option:not([hidden])', (options) =>
    options.map((option) => option.value),
  );
  for (const name of presets) {
    await page.selectOption('#preset', name);
    await settled(page);
    assert.notEqual((await page.$$('#posterior li')).length, 0, name);
  }
  await page.check('#way-flow');
  await page.check('#show-basins');
  await page.selectOption('#preset', 'clusters');
  await settled(page);
  await page.click('#duplicate');
  await settled(page);
  const [url, posterior] = [page.url(), await column(page, 0)];
  const again = await open(browser, new URL(url).hash.slice(1));
  assert.deepEqual(await column(again.page, 0), posterior);
  assert.deepEqual([...faults, ...again.faults], []);
  await again.context.close();
  await context.close();
});

test('basins stay when the window changes its size', async () => {
  const { page, context } = await open(browser, 'memory=circle&show=surface,basins');
  const middle = () =>
    page.$eval('#surface', (canvas) =>
      [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.width / 6, 1, 1).data].join(),
    );
  const before = await middle();
  await page.setViewportSize({ width: 700, height: 900 });
  await page.waitForTimeout(500);
  assert.equal(await middle(), before);
  await page.uncheck('#show-basins');
  await settled(page);
  assert.notEqual(await middle(), before);
  await context.close();
});

test('keys and fingers do what a mouse does', async () => {
  const { page, context, faults } = await open(browser, '', {
    hasTouch: true,
    viewport: { width: 390, height: 800 },
  });
  await page.focus('#ink');
  for (let k = 0; k < 4; k++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await settled(page);
  assert.match(page.url(), /cue=0\.57,0\.35/);
  await page.check('input[name=tool][value=pattern]');
  await page.focus('#ink');
  await page.keyboard.press('Shift+ArrowUp');
  await page.keyboard.press('Enter');
  await settled(page);
  assert.equal((await page.$$('#posterior li:not(.heading)')).length, 6);
  await page.keyboard.press('Delete');
  await settled(page);
  assert.equal((await page.$$('#posterior li:not(.heading)')).length, 5);
  await page.check('input[name=tool][value=gaussian]');
  await page.touchscreen.tap(...(await spot(page, -1.5, 1.5)));
  await settled(page);
  assert.match(await page.textContent('#posterior'), /Gaussian 1/);
  await page.check('input[name=tool][value=curve]');
  await page.mouse.move(...(await spot(page, -1.4, -1.3)));
  await page.mouse.down();
  for (let k = 1; k < 20; k++)
    await page.mouse.move(...(await spot(page, -1.4 + 0.1 * k, -1.3 + 0.2 * Math.sin(k / 2))));
  await page.mouse.up();
  await settled(page);
  assert.match(await page.textContent('#posterior'), /curve 1/);
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    'wider than the screen',
  );
  assert.deepEqual(faults, []);
  await context.close();
});

test('particles can be stopped on their way, and go on', async () => {
  const { page, context } = await open(browser, 'memory=two');
  assert.ok(!(await page.isVisible('#pause')));
  await page.click('#create');
  await page.waitForTimeout(700);
  await page.click('#pause');
  const stopped = await number(page, 'read-sigma');
  await page.waitForTimeout(300);
  assert.equal(await number(page, 'read-sigma'), stopped);
  assert.equal(await page.textContent('#pause'), 'Go on');
  await page.click('#pause');
  await settled(page);
  assert.equal(await number(page, 'read-sigma'), 0.02);
  assert.ok(!(await page.isVisible('#pause')));
  await context.close();
});

test('reduced motion: particles arrive at once', async () => {
  const { page, context } = await open(browser, 'memory=corners&sigma=1', { reducedMotion: 'reduce' });
  await page.click('#create');
  await page.waitForTimeout(600);
  assert.ok((await number(page, 'read-sigma')) <= 0.0201);
  const shares = await column(page, 1);
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 0.01);
  await context.close();
});

test('axe finds nothing serious, in light and in dark', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  for (const [colorScheme, hash] of ['light', 'dark'].flatMap((theme) => [
    [theme, 'lesson=false-memory'],
    [theme, 'lesson=spurious'],
  ])) {
    const { page, context } = await open(browser, hash, { colorScheme });
    await page.click(hash.endsWith('spurious') ? '#images-recall' : '#recall');
    await page.waitForTimeout(1500);
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run());
    const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    assert.deepEqual(told, [], `${colorScheme} ${hash}`);
    await context.close();
  }
});

test('what is saved is a picture, a vector picture and a memory', async () => {
  const { page, context } = await open(browser, 'memory=gist');
  await page.click('#create');
  await settled(page);
  const saved = async (id) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#${id}`)]);
    return readFileSync(await download.path());
  };
  assert.deepEqual([...(await saved('save-png')).subarray(1, 4)], [...Buffer.from('PNG')]);
  const svg = String(await saved('save-svg'));
  const parsed = await page.evaluate(
    (text) =>
      new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror')?.textContent ?? '',
    svg,
  );
  assert.equal(parsed, '');
  assert.match(svg, /<ellipse/);
  assert.match(String(await saved('save-toml')), /kind = "gaussian"/);
  await context.close();
});

test('the commands of the plane run in the native program, for every energy', {
  skip: NATIVE ? false : 'no program in target: cargo build --package attractor-cli',
}, async () => {
  const { page, context } = await open(browser, 'memory=corners&sigma=0.4&seed=3&n=50');
  const folder = mkdtempSync(join(tmpdir(), 'explorer-'));
  const fetched = async (id, name) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#${id}`)]);
    await download.saveAs(join(folder, name));
  };
  await fetched('save-toml', 'plane.toml');
  for (const name of await page.$$eval('#landscape option', (options) => options.map(({ value }) => value))) {
    await page.selectOption('#landscape', name);
    await settled(page);
    if (name !== 'diffusion') await fetched('save-points', 'points.npy');
    const text = `set -e; attractor() { "${NATIVE}" "$@" --quiet; }\n${await page.textContent('#command')}`;
    const told = String(execFileSync('bash', ['-c', text], { cwd: folder }));
    assert.ok(existsSync(join(folder, 'landscape.svg')), name);
    assert.match(told, /50/, name);
    rmSync(join(folder, 'landscape.svg'));
  }
  rmSync(folder, { recursive: true });
  await context.close();
});

/** The page with a memory in it, as `attractor explore --memory` writes it. */
function written(name, memory) {
  const path = join(tmpdir(), `explorer-${process.pid}-${name}.html`);
  const text = readFileSync(
    process.env.EXPLORER ?? new URL('../dist/explorer.html', import.meta.url),
    'utf8',
  );
  const place = '<script type="application/json" id="memory">null</script>';
  assert.ok(text.includes(place));
  writeFileSync(
    path,
    text.replace(place, () => place.replace('null', JSON.stringify(memory).replaceAll('<', '\\u003c'))),
  );
  return path;
}

test('hostile names and labels are text', async () => {
  const hostile = '</script><img src=x onerror="document.title=1"><!--';
  const path = written('plane', {
    name: hostile,
    labels: [hostile, 'b'],
    points: [
      [30, 40],
      [-10, 20],
    ],
    curves: [],
    gaussians: [],
  });
  const { page, context, faults, requests } = await open(browser, '', { page: path });
  assert.equal(await page.$eval('#preset', (list) => list.selectedOptions[0].textContent), hostile);
  assert.match(await page.textContent('#posterior'), /onerror/);
  assert.equal(await page.$('img'), null);
  assert.equal(await page.title(), 'attractor explorer');
  // The frame shows all of it, and the knob has its scale.
  assert.ok((await number(page, 'read-sigma')) <= 0.51);
  assert.deepEqual([faults, requests], [[], []]);
  await context.close();
  unlinkSync(path);
});

test('a page with images begins with them', async () => {
  const rows = Array.from({ length: 4 }, (_, n) => Array.from({ length: 12 }, (_, k) => ((n * k) % 5) / 4));
  const path = written('images', { name: 'mine', labels: ['a', '<b>'], size: [3, 4], raw: true, rows });
  const { page, context, faults } = await open(browser, '', { page: path });
  assert.ok(await page.isVisible('#images-view'));
  assert.equal(await page.$eval('#set', (list) => list.selectedOptions[0].textContent), 'mine');
  await page.selectOption('#cue-of', '2');
  await page.click('#images-recall');
  await page.waitForFunction(() => !document.documentElement.dataset.playing);
  assert.match(await page.textContent('#step-facts'), /12 of 12 units as in <b>/);
  assert.deepEqual(faults, []);
  await context.close();
  unlinkSync(path);
});

test('in the frame of a notebook the page works as elsewhere', async () => {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.setContent('<iframe id="frame" style="width: 100%; height: 850px"></iframe>');
  const text = readFileSync(
    process.env.EXPLORER ?? new URL('../dist/explorer.html', import.meta.url),
    'utf8',
  );
  await page.$eval('#frame', (frame, srcdoc) => Object.assign(frame, { srcdoc }), text);
  const frame = page.frameLocator('#frame');
  await frame.locator('#check-sum', { hasText: '3/3' }).waitFor({ timeout: 30_000 });
  await frame.locator('#preset').selectOption('two');
  await frame.locator('#critical', { hasText: 'Speciation at σ = 1,' }).waitFor();
  await frame.locator('#lessons').selectOption('spurious');
  await frame.locator('#images-recall').click();
  await frame.locator('#step-facts', { hasText: 'Step 1 of 1' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('screenshots', async () => {
  const addresses = {
    start: '',
    knob: 'lesson=one-knob',
    gist: 'lesson=false-memory',
    basins: 'memory=clusters&show=basins,contours',
  };
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark']) {
      for (const [name, hash] of Object.entries(addresses)) {
        const { page, context } = await open(browser, hash, {
          colorScheme,
          viewport: { width, height: 900 },
        });
        await page.screenshot({ path: `${SHOTS}${name}-${width}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
    }
  }
});
