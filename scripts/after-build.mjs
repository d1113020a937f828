// The compiler writes no mode bits, and npm's bin link needs the entry point to be executable. What
// is no TypeScript, it leaves behind: the parts of the report's page.
import { chmodSync, copyFileSync, readdirSync } from 'node:fs';

chmodSync(new URL('../dist/main.js', import.meta.url), 0o755);
const report = new URL('../src/backtest/report/', import.meta.url);
for (const name of readdirSync(report)) {
  if (name.endsWith('.ts')) continue;
  const to = new URL(`../dist/backtest/report/${name}`, import.meta.url);
  copyFileSync(new URL(name, report), to);
}
