// How long until the page of a daemon with 10,000 series can be used: from the request to rows that
// a click leads on from, on made-up data over HTTP, cold and with a filled cache; then a search, a
// sort and a change of page. `npm run bench:browser`
import { launchBrowser } from '../../dist-bench/test/support/page/browser.js';
import { startFakePage } from '../../dist-bench/test/support/page/fake-page-server.js';

const SERIES = Number(process.argv[2] ?? 10_000);
const ROUNDS = 5;

const server = await startFakePage({ series: SERIES });
const browser = await launchBrowser();
try {
  const times = {};
  const note = (name, ms) => {
    times[name] = [...(times[name] ?? []), ms];
  };
  for (let round = 0; round < ROUNDS; round++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    // Of the thread alone, whoever else wants the processor.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busyMs = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return 1_000 * metrics.find(({ name }) => name === 'TaskDuration').value;
    };
    const rows = () => page.locator('tbody tr').nth(49).waitFor();
    const timed = async (name, act) => {
      const from = performance.now();
      await act();
      note(name, performance.now() - from);
    };
    await timed('open, cold', async () => {
      await page.goto(`${server.url}/`);
      await rows();
    });
    note('  its own work', await busyMs());
    await timed('open, again', async () => {
      await page.reload();
      await rows();
    });
    const count = (text) => page.locator('.count', { hasText: text }).waitFor();
    await timed('search', async () => {
      await page.getByLabel('Search').fill('node-001 co2');
      await count('8 of');
    });
    await page.getByLabel('Search').fill('');
    await count(new RegExp(`^${SERIES.toLocaleString('en')} series`));
    await timed('sort by skill', async () => {
      await page.getByRole('button', { name: 'Skill' }).click();
      await page.locator('tbody .failing').first().waitFor();
    });
    await timed('last page', async () => {
      await page.getByRole('button', { name: 'Last', exact: true }).click();
      await page
        .locator('#announcement', { hasText: 'page 200 of 200' })
        .waitFor({ state: 'attached' });
    });
    await context.close();
  }
  console.log(`${SERIES.toLocaleString('en')} series, ${ROUNDS} rounds: median (worst), ms`);
  for (const [name, all] of Object.entries(times)) {
    all.sort((a, b) => a - b);
    const [median, worst] = [all[ROUNDS >> 1], all.at(-1)].map(Math.round);
    console.log(`${name.padEnd(15)} ${median} (${worst})`);
  }
} finally {
  await browser.close();
  await server.stop();
}
