import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../support/page/browser.ts';
import { useFakePage } from '../support/page/fake-page.ts';

const HOSTILE = '<img src=x onerror=alert(1)>/"><script>alert(2)</script>';

describe.skipIf(!CHROMIUM)('the list of series', () => {
  const fake = useFakePage({ series: 240, extra: [HOSTILE], everyMs: 200 });
  const names = (page: Page) => page.locator('tbody th a').allTextContents();
  const count = (page: Page, text: string) => page.locator('.count', { hasText: text }).waitFor();

  it('shows the first page, and what each series does', async () => {
    const page = await fake.open();
    await count(page, '241 series');
    expect(await names(page)).toHaveLength(50);
    const row = page.locator('tbody tr').first();
    const text = await row.innerText();
    expect(text).toMatch(/plant\/boiler-1\/flow_temperature\s+plant\s+Good/);
    expect(text).toMatch(/\d\d\.\d\d … \d\d\.\d\d\s+\+\d+ %\s+\d\d %\s+0\.\d\d/);
    expect(await row.locator('.spark .line').getAttribute('d')).toMatch(/^M2\.0 [\d.]+L/);
    expect(await page.locator('.chip', { hasText: 'All' }).innerText()).toContain('241');
  });

  it('searches for all words, filters by state and stream, and says when nothing fits', async () => {
    const page = await fake.open();
    await page.getByLabel('Search').fill('BOILER return');
    await count(page, '1 of 241 series');
    expect(await names(page)).toEqual(['plant/boiler-1/return_temperature']);
    await page.getByLabel('Search').fill('no such thing');
    await page.getByText('No series fits').waitFor();
    await page.getByRole('button', { name: 'Show all series' }).click();
    await count(page, '241 series');
    await page.getByRole('button', { name: /^Drifting/ }).click();
    await page.locator('.count', { hasText: /^\d+ of 241/ }).waitFor();
    const states = new Set(await page.locator('tbody .state').allTextContents());
    expect(states).toEqual(new Set(['Drifting']));
    await page.getByRole('button', { name: /^All/ }).click();
    await page.getByLabel('Stream').selectOption('market');
    await count(page, '1 of 241 series');
    expect(page.url()).toContain('#/?stream=market');
  });

  it('sorts by a column, either way, and tells so', async () => {
    const page = await fake.open();
    const skill = page.getByRole('columnheader', { name: 'Skill' });
    const shown = async () => {
      const texts = await page.locator('td[data-label=Skill]').allTextContents();
      return texts
        .filter((text) => text !== '–')
        .map((text) => Number.parseInt(text.replace('−', '-'), 10));
    };
    await skill.getByRole('button').click();
    await page.locator('th[aria-sort=ascending]').waitFor();
    await expect.poll(async () => (await shown())[0]).toBeLessThan(0);
    const rising = await shown();
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    await skill.getByRole('button').click();
    await page.locator('th[aria-sort=descending]').waitFor();
    await expect.poll(async () => (await shown())[0]).toBeGreaterThan(30);
    const falling = await shown();
    expect(falling).toEqual(falling.toSorted((a, b) => b - a));
  });

  it('turns pages by buttons and by keys, and keeps the place in the address', async () => {
    const page = await fake.open();
    await count(page, '241 series');
    const first = await names(page);
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.locator('.place', { hasText: 'Page 2 of 5' }).waitFor();
    await expect.poll(() => names(page)).not.toEqual(first);
    await page.locator('tbody th a').first().focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => document.activeElement?.closest('tr')?.rowIndex)).toBe(2);
    await page.keyboard.press('ArrowRight');
    await page.locator('.place', { hasText: 'Page 3 of 5' }).waitFor();
    // The focus goes along to the first of the new rows.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.closest('tr')?.rowIndex))
      .toBe(1);
    await page.getByRole('button', { name: 'Last', exact: true }).click();
    await expect.poll(() => names(page)).toHaveLength(41);
    await page.reload();
    await page.locator('.place', { hasText: 'Page 5 of 5' }).waitFor();
    await expect.poll(() => names(page)).toHaveLength(41);
  });

  it('shows names as they are, whatever they hold, here and on their own page', async () => {
    const page = await fake.open('#/?search=onerror');
    await count(page, '1 of 241 series');
    expect(await names(page)).toEqual([HOSTILE]);
    await page.locator('tbody th a').click();
    await page.locator('h1', { hasText: 'onerror' }).waitFor();
    expect(await page.locator('h1').textContent()).toBe(HOSTILE);
    await page.locator('.tile').first().waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
  });
});
