// The compiler writes no mode bits, and npm's bin link needs the entry point to be executable. What
// is no TypeScript, it leaves behind: the parts of the report's page.
import { chmodSync, copyFileSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
for (const name of ['page.html', 'page.css', 'page.client.js']) {
  const path = `backtest/report/${name}`;
  copyFileSync(
    new URL(`../src/${path}`, import.meta.url),
    new URL(`../dist/${path}`, import.meta.url),
  );
}
