// The compiler writes no mode bits, and npm's bin link needs the entry point to be executable. What
// is no TypeScript, it leaves behind: the parts of the report's page, and of the daemon's.
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const dist = new URL('../dist/', import.meta.url);
chmodSync(new URL('main.js', dist), 0o755);
for (const folder of ['backtest/report/', 'web/']) {
  const from = new URL(`../src/${folder}`, import.meta.url);
  mkdirSync(new URL(folder, dist), { recursive: true });
  for (const { name } of readdirSync(from, { withFileTypes: true }).filter((e) => e.isFile())) {
    if (name.endsWith('.ts')) continue;
    copyFileSync(new URL(name, from), new URL(folder + name, dist));
  }
}
const library = (file) => createRequire(import.meta.url).resolve(`uplot/dist/${file}`);
copyFileSync(library('uPlot.esm.js'), new URL('web/uplot.js', dist));
copyFileSync(library('uPlot.min.css'), new URL('web/uplot.css', dist));
