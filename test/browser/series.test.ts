import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../support/page/browser.ts';
import { useFakePage } from '../support/page/fake-page.ts';

const BOILER = '#/series/plant%2Fboiler-1%2Fflow_temperature';

describe.skipIf(!CHROMIUM)('one series', () => {
  /** Stands still, so that what is shown can be told beforehand. */
  const nowMs = Date.UTC(2026, 2, 3, 10, 42, 3);
  const fake = useFakePage({ now: () => nowMs, everyMs: 200 });

  it('draws past and future, and says the same in tables', async () => {
    const page = await fake.open(BOILER);
    await page.locator('.chart canvas').first().waitFor();
    const [left, right] = await inkOf(page);
    expect(left).toBeGreaterThan(500);
    expect(right).toBeGreaterThan(500);
    await page.getByText('The same as tables').click();
    const summary = fake.server.monitor.board.summary('plant/boiler-1/flow_temperature')!;
    const cells = await page
      .locator('.tables table')
      .nth(1)
      .locator('tbody tr')
      .first()
      .innerText();
    expect(cells).toContain('2026-03-03 10:42:00');
    expect(cells).toContain((summary.last as number).toPrecision(4));
    const ahead = page.locator('.tables table').first().locator('tbody tr');
    expect(await ahead.count()).toBe(24);
    expect(await ahead.first().innerText()).toContain(
      (summary.next!.mean as number).toPrecision(4),
    );
    expect(await ahead.first().innerText()).toMatch(/90 %: .* … .* · 80 %: /);
    expect(await page.locator('#chart-summary').textContent()).toMatch(
      /^360 steps from 2026-03-03/,
    );
  });

  it('shows forecasts made at the chosen lead, which the address keeps', async () => {
    const page = await fake.open(BOILER);
    await page.locator('.chart canvas').first().waitFor();
    const band = page.locator('.readout li', { hasText: 'interval' }).locator('b');
    const near = await band.innerText();
    await page.getByLabel('Past forecasts made').selectOption('24');
    await expect.poll(() => band.innerText()).not.toBe(near);
    expect(width(await band.innerText())).toBeGreaterThan(1.2 * width(near));
    expect(page.url()).toContain('?lead=24');
    await page.reload();
    await page.locator('.chart canvas').first().waitFor();
    expect(await page.getByLabel('Past forecasts made').inputValue()).toBe('24');
  });

  it('zooms by buttons, keys and drag, and goes back', async () => {
    const page = await fake.open(BOILER);
    const chart = page.locator('.chart').first();
    await chart.locator('canvas').waitFor();
    const pixels = () => chart.locator('canvas').screenshot();
    const home = await pixels();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(async () => home.equals(await pixels())).toBe(false);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.mouse.move(0, 0);
    await expect.poll(async () => home.equals(await pixels())).toBe(true);
    const box = (await chart.locator('.u-over').boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.mouse.move(0, 0);
    await expect.poll(async () => home.equals(await pixels())).toBe(false);
    await chart.focus();
    await page.keyboard.press('0');
    await page.keyboard.press('ArrowLeft');
    const said = page.locator('#announcement');
    await expect.poll(() => said.textContent()).toMatch(/forecast .*90 %/);
    const before = await said.textContent();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => said.textContent()).not.toBe(before);
  });

  it('tells who is listened to, what intervals held, and how the network fares', async () => {
    const page = await fake.open(BOILER);
    const experts = page.getByRole('region', { name: 'Experts' });
    expect(await experts.innerText()).toMatch(/last_value\s+as it is now\s+\d+ %/);
    const record = page.getByRole('region', { name: 'Record by lead' });
    expect(await record.innerText()).toMatch(
      /1 step \(5 s\)\s+40,999\s+\+\d+ %\s+\d\d\.\d %\s+\d\d\.\d %/,
    );
    const network = page.locator('section', { hasText: 'The network' });
    expect(await network.innerText()).toMatch(/LSTM, 1 × 32 units/);
    expect(await network.innerText()).toMatch(/Mean length 1\.84 before clipping, 0\.930 after/);
    expect(await network.innerText()).toMatch(/Reaches through/);
  });

  it('shows symbols in lanes, with what is likely next', async () => {
    const page = await fake.open('#/series/plant%2Fpress-3%2Fmode');
    await page.locator('.chart canvas').first().waitFor();
    const [left, right] = await inkOf(page);
    expect(Math.min(left, right)).toBeGreaterThan(500);
    const odds = await page.getByRole('region', { name: 'Probabilities' }).innerText();
    expect(odds).toMatch(/pressing\s+\d+ %/);
    expect(odds).toMatch(/in 24 steps\s+2 min/);
  });

  it('says what a series waits for while it learns', async () => {
    const page = await fake.open('#/series/sensors%2Fhall-1%2Fnode-000%2Fhumidity');
    await page.getByText('Waiting for the first forecast').waitFor();
    await page.getByText('9 samples have been learned so far').waitFor();
    expect(await page.locator('.learned').isVisible()).toBe(false);
  });

  it('says that there is no such series', async () => {
    const page = await fake.visit('#/series/nothing%2Fhere');
    await page.getByText('there is no such series').waitFor();
    // The browser itself reports the 404 of a request.
    fake.opened.complaints.splice(0);
  });
});

function width(interval: string): number {
  const [low, high] = interval.split(' … ').map(Number) as [number, number];
  return high - low;
}

/** Pixels that are not of the background, in the left and in the right fifth of the chart. */
function inkOf(page: Page): Promise<[number, number]> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.chart canvas')!;
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const ink = (from: number, to: number): number => {
      const { data } = copy.getImageData(from, 0, to - from, height);
      let count = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i]! > 40) count++;
      return count;
    };
    return [ink(width * 0.1, width * 0.3), ink(width * 0.8, width)];
  });
}
