// The widget of a notebook (python/attractor/_widget.js) in a real browser, with a model as anywidget gives it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, PAGE } from './browser.mjs';

const WIDGET = fileURLToPath(new URL('../../python/attractor/_widget.js', import.meta.url));

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
});

/** A page with one view of a model, or two. */
async function notebook(state, views = 1) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.setContent('<div id="out0"></div><div id="out1"></div>');
  await page.evaluate(
    async ([widget, html, first, count]) => {
      const values = { _page: html, state: first };
      const heard = new Map();
      globalThis.saved = [];
      const model = {
        get: (name) => values[name],
        set: (name, value) => {
          if (values[name] === value) return;
          values[name] = value;
          for (const call of heard.get(`change:${name}`) ?? []) call();
        },
        save_changes: () => globalThis.saved.push(values.state),
        on: (event, call) => heard.set(event, [...(heard.get(event) ?? []), call]),
        off: (event, call) =>
          heard.set(
            event,
            (heard.get(event) ?? []).filter((other) => other !== call),
          ),
      };
      globalThis.model = model;
      const url = URL.createObjectURL(new Blob([widget], { type: 'text/javascript' }));
      const { default: made } = await import(url);
      globalThis.clean = [];
      for (let k = 0; k < count; k++)
        globalThis.clean.push(made.render({ model, el: document.getElementById(`out${k}`) }));
    },
    [readFileSync(WIDGET, 'utf8'), readFileSync(PAGE, 'utf8'), state, views],
  );
  const frame = (k) => page.frameLocator(`#out${k} iframe`);
  await frame(0).locator('#check-sum', { hasText: '3/3' }).waitFor({ timeout: 30_000 });
  return { page, context, frame, faults };
}

test('a notebook reads what was chosen, and sets it', async () => {
  const { page, context, frame, faults } = await notebook('memory=two&sigma=0.7');
  assert.equal(await frame(0).locator('#preset').inputValue(), 'two');
  assert.equal(await frame(0).locator('#read-sigma').textContent(), '0.7');
  // The page's change reaches the model, and is saved there.
  await frame(0).locator('#preset').selectOption('corners');
  await page.waitForFunction(() => globalThis.model.get('state').startsWith('memory=corners'));
  await frame(0).locator('#way-flow').check();
  await page.waitForFunction(() => globalThis.model.get('state').includes('way=flow'));
  assert.match((await page.evaluate(() => globalThis.saved)).at(-1), /way=flow/);
  // The model's change reaches the page.
  await page.evaluate(() => globalThis.model.set('state', 'lesson=spurious'));
  await frame(0).locator('#lesson-title', { hasText: 'Spurious states' }).waitFor();
  await frame(0).locator('#images-recall').click();
  await frame(0).locator('#step-facts', { hasText: 'Step 1 of 1' }).waitFor();
  await page.waitForTimeout(500);
  assert.match(await page.evaluate(() => globalThis.model.get('state')), /^lesson=spurious/);
  assert.deepEqual(faults, []);
  // A view that is gone hears nothing.
  await page.evaluate(() => {
    globalThis.clean[0]();
    globalThis.model.set('state', 'memory=two');
  });
  await page.waitForTimeout(500);
  assert.ok(await frame(0).locator('#images-view').isVisible());
  await context.close();
});

test('two views of a widget show the same', async () => {
  const { context, frame, faults } = await notebook('', 2);
  await frame(1).locator('#check-sum', { hasText: '3/3' }).waitFor({ timeout: 30_000 });
  await frame(0).locator('#landscape').selectOption('dense:poly:3');
  await frame(1).locator('#landscape').locator('option:checked', { hasText: 'u³' }).first().waitFor({
    state: 'attached',
  });
  await frame(1).locator('#preset').selectOption('two');
  await frame(0).locator('#critical', { hasText: 'Speciation at σ = 1,' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});
