// Pictures of the page for the docs (docs/images/): a real daemon with a made-up plant. With a folder:
// all views × themes × widths, of a server that makes up all there is to see, troubles too.
// Needs `npm run build` and `tsc -p tsconfig.bench.json`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../dist-bench/test/support/page/browser.js';
import { startFakePage } from '../dist-bench/test/support/page/fake-page-server.js';
import { startRealPlant } from '../dist-bench/test/support/page/real-plant.js';

/** The same picture each time; from here time goes on as usual, so that the page is alive. */
const STARTED_MS = Date.UTC(2026, 2, 3, 10, 42, 0);
const VIEWS = {
  list: '#/',
  series: '#/series/plant%2Fboiler-1%2Fflow_temperature?lead=6',
  symbols: '#/series/plant%2Fpress-3%2Fmode',
  learning: '#/series/sensors%2Fhall-1%2Fnode-000%2Fhumidity',
  pipeline: '#/pipeline',
  trouble: '#/pipeline',
};
const DOCS = [
  ['list', 'light', 1280, 800],
  ['series', 'dark', 1280, 900],
  ['pipeline', 'light', 1280, 900],
];

const REAL_SERIES = 60;
/** So long the rates go on before they are a picture. */
const RATES_MS = 60_000;

const folder = process.argv[2];
const only = process.argv[3]?.split(',');
const out = folder ?? fileURLToPath(new URL('../docs/images/', import.meta.url));
mkdirSync(out, { recursive: true });
const openedMs = Date.now();
/** Minutes of rates in the seconds that one wants to wait for a picture. */
let speed = 1;
const now = () => STARTED_MS + speed * (Date.now() - openedMs);
const server = folder
  ? await startFakePage({ now, everyMs: 500 })
  : await startRealPlant(REAL_SERIES);
const browser = await launchBrowser();
try {
  for (const [view, theme, width, height] of folder ? all() : DOCS) {
    if (only && !only.includes(view)) continue;
    if (folder) server.monitor.trouble = view === 'trouble';
    speed = view === 'pipeline' ? 10 : 1;
    const context = await browser.newContext({
      viewport: { width, height: height ?? (width > 400 ? 900 : 1500) },
      colorScheme: theme,
      timezoneId: 'UTC',
      deviceScaleFactor: 1,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('console', (message) => console.error(`${view}: ${message.text()}`));
    page.on('pageerror', (error) => console.error(`${view}: ${error.stack}`));
    await page.goto(`${server.url}/${VIEWS[view]}`);
    await page.waitForSelector('.link[data-link=live]');
    await page.waitForTimeout(view === 'pipeline' && !folder ? RATES_MS : 1_500);
    const name = folder ? `${view}-${theme}-${width}` : view;
    await page.screenshot({
      path: join(out, `${name}.png`),
      fullPage: Boolean(folder) && width > 400,
    });
    await context.close();
  }
} finally {
  await browser.close();
  await server.stop();
}

function all() {
  return Object.keys(VIEWS).flatMap((view) =>
    ['light', 'dark'].flatMap((theme) => [1280, 390].map((width) => [view, theme, width])),
  );
}
