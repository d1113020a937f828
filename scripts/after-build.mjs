// The compiler writes no mode bits, and npm's bin link needs the entry point to be executable. What
// is no TypeScript, it leaves behind: the parts of the report's page, and of the daemon's.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
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

// All modules are asked for at once, instead of one behind the other as imports are met.
const sources = readdirSync(new URL('../src/web/', import.meta.url));
const modules = sources.filter((name) => /^[a-z-]+\.(d\.)?ts$/.test(name));
const links = modules.map((name) => {
  return `<link rel="modulepreload" href="assets/${name.replace(/(\.d)?\.ts$/, '.js')}">`;
});
const index = new URL('web/index.html', dist);
const html = readFileSync(index, 'utf8');
writeFileSync(index, html.replace('<!-- modules -->', links.join('\n')));
