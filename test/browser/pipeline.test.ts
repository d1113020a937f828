import { describe, expect, it } from 'vitest';
import { CHROMIUM } from '../support/page/browser.ts';
import { useFakePage } from '../support/page/fake-page.ts';
import { startFakePage } from '../support/page/fake-page-server.ts';
import { untilLive } from '../support/page/visit.ts';

describe.skipIf(!CHROMIUM)('the pipeline, and the way to the daemon', () => {
  const fake = useFakePage({ everyMs: 200 });

  it('shows rates, and that every sample is accounted for', async () => {
    const page = await fake.open('#/pipeline');
    await page.getByText('All is well').waitFor();
    expect(await page.locator('.rate canvas').count()).toBe(4);
    const row = page.getByRole('region', { name: 'Samples of each stream' }).locator('tbody tr');
    const [received, ...parts] = (await row.first().locator('td').allTextContents())
      .slice(0, 7)
      .map((text) => Number(text.replaceAll(',', '')));
    expect(parts.reduce((a, b) => a + b)).toBe(received);
    expect(await row.first().innerText()).toContain('✓ yes');
  });

  it('puts what is wrong in words, and marks it in each view', async () => {
    fake.server.monitor.trouble = true;
    const page = await fake.open('#/pipeline');
    const list = page.locator('.health li');
    await expect.poll(() => list.count()).toBe(8);
    const text = (await list.allTextContents()).join('\n');
    expect(text).toContain('takes nothing. Steps that wait for it: 48,211');
    expect(text).toContain('Samples of energy that nothing accounts for: 2');
    expect(await page.locator('.said').first().textContent()).toMatch(/^It says: connect ECONN/);
    await page
      .getByRole('region', { name: 'Samples of each stream' })
      .getByText('✗ 2 missing')
      .waitFor();
    await page
      .getByRole('link', { name: /^Series/ })
      .first()
      .click();
    await page.locator('#trouble', { hasText: '8' }).waitFor();
    fake.server.monitor.trouble = false;
  });

  it('says when the daemon is away, and goes on without being loaded anew', async () => {
    const page = await fake.open('#/series/plant%2Fboiler-1%2Fflow_temperature');
    await page.evaluate(() => Object.assign(window, { sameVisit: true }));
    await fake.server.stop();
    await page.getByText('The daemon does not answer.', { exact: true }).waitFor();
    expect(await page.locator('#link-word').textContent()).toBe('Away');
    // What was heard last is still there.
    expect(await page.locator('.chart canvas').count()).toBeGreaterThan(0);
    // Refused connections are reported by the browser itself.
    fake.opened.complaints.splice(0);
    fake.server = await startFakePage({ everyMs: 200, port: fake.server.port, instance: 'second' });
    await untilLive(page);
    fake.opened.complaints.splice(0);
    await page.locator('#banner').waitFor({ state: 'hidden' });
    const shown = () => page.locator('.tile .figure').first().textContent();
    const last = fake.server.monitor.board.summary('plant/boiler-1/flow_temperature')!
      .last as number;
    await expect.poll(shown).toBe(last.toPrecision(4));
    expect(await page.evaluate(() => 'sameVisit' in window)).toBe(true);
  });

  it('offers to try again where a view could not be loaded', async () => {
    const context = await fake.browser.newContext();
    const page = await context.newPage();
    await page.route('**/pipeline-view.js', (route) => route.abort());
    await page.goto(`${fake.server.url}/#/`);
    await untilLive(page);
    await page.getByRole('link', { name: /^Pipeline/ }).click();
    await page.getByText('This view waits for the daemon').waitFor();
    await page.unroute('**/pipeline-view.js');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('All is well').waitFor();
    await context.close();
  });

  it('loads itself anew where the daemon has another version', async () => {
    const page = await fake.open('#/pipeline');
    await page.evaluate(() => Object.assign(window, { sameVisit: true }));
    await fake.server.stop();
    const newer = { instance: 'third', version: '0.2.0' };
    fake.server = await startFakePage({ everyMs: 200, port: fake.server.port, ...newer });
    await page.getByText('Version 0.2.0').waitFor();
    await expect.poll(() => page.evaluate(() => 'sameVisit' in window)).toBe(false);
    await untilLive(page);
    fake.opened.complaints.splice(0);
  });

  it('asks for the token, and is back in the same view', async () => {
    fake.server.locked = true;
    const page = await fake.visit('#/pipeline');
    await page.getByLabel('Token').fill('open sesame');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('All is well').waitFor();
    expect(page.url()).toMatch(/#\/pipeline$/);
    fake.server.locked = false;
    // The 401 that led here.
    fake.opened.complaints.splice(0);
  });
});
