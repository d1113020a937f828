/** Keyboard, screen readers, colours, small screens. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../support/page/browser.ts';
import { useFakePage } from '../support/page/fake-page.ts';
import { goTo, untilLive, visit } from '../support/page/visit.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS: Readonly<Record<string, string>> = {
  // A dozen rows are as good as fifty, and looked through in a quarter of the time.
  list: '#/?state=drifting',
  'list of nothing': '#/?search=nothing-has-this-name',
  series: '#/series/plant%2Fboiler-1%2Fflow_temperature',
  symbols: '#/series/plant%2Fpress-3%2Fmode',
  'learning series': '#/series/sensors%2Fhall-1%2Fnode-000%2Fhumidity',
  pipeline: '#/pipeline',
};

describe.skipIf(!CHROMIUM)('who can use the page', () => {
  const fake = useFakePage({ everyMs: 400 });

  it.each(['light', 'dark'] as const)('has no serious finding in any view, %s', async (theme) => {
    fake.server.monitor.trouble = theme === 'dark';
    const { page, complaints, close } = await visit(fake.browser, fake.server.url, '#/', {
      colorScheme: theme,
    });
    await page.evaluate(AXE);
    for (const [name, hash] of Object.entries(VIEWS)) {
      await goTo(page, hash);
      await settled(page);
      if (await page.locator('summary').count()) await page.locator('summary').click();
      expect([name, await findings(page)]).toEqual([name, []]);
    }
    expect(complaints).toEqual([]);
    fake.server.monitor.trouble = false;
    await close();
  });

  it('fits a width of 360 px without scrolling sideways, and stays legible', async () => {
    const size = { viewport: { width: 360, height: 740 } };
    const { page, complaints, close } = await visit(fake.browser, fake.server.url, '#/', size);
    for (const [name, hash] of Object.entries(VIEWS)) {
      await goTo(page, hash);
      await settled(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect([name, wide]).toEqual([name, 360]);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  it('can be walked through by keyboard alone', async () => {
    const { page, complaints, close } = await visit(fake.browser, fake.server.url);
    await untilLive(page);
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('press-3');
    await page.locator('.count', { hasText: '1 of' }).waitFor();
    await tabTo(page, 'tbody a');
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'press-3' }).waitFor();
    // The focus is at the top of what is new.
    expect(await focused()).toBe('plant/press-3/mode');
    expect(await page.title()).toBe('plant/press-3/mode · Foretide');
    await tabTo(page, '.chart');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.locator('#announcement').textContent()).toMatch(/forecast \w+/);
    await page.goBack();
    await page.locator('h1', { hasText: /^Series$/ }).waitFor();
    expect(await page.getByLabel('Search').inputValue()).toBe('press-3');
    expect(complaints).toEqual([]);
    await close();
  });

  it('follows the system’s colours until they are switched, and remembers that', async () => {
    const { page, close } = await visit(fake.browser, fake.server.url, '#/', {
      colorScheme: 'dark',
    });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(background).not.toBe(dark);
    const light = await background();
    await page.getByRole('button', { name: 'Switch to dark colours' }).click();
    await expect.poll(background).toBe(dark);
    await page.reload();
    await untilLive(page);
    expect(await background()).toBe(dark);
    await page.getByRole('button', { name: 'Switch to light colours' }).click();
    await expect.poll(background).toBe(light);
    await close();
  });
});

async function settled(page: Page): Promise<void> {
  await untilLive(page);
  await page.locator('main :is(canvas, tbody tr, .empty:not([hidden]))').first().waitFor();
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
  }
  throw new Error(`no way to ${selector} by Tab`);
}

async function findings(page: Page): Promise<string[]> {
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
}
