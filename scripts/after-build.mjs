// The compiler writes no mode bits, and npm's bin link needs the entry point to be executable. What
// is no TypeScript, it leaves behind: the parts of the report's page, and of the daemon's.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
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

const web = (file) => new URL(`web/${file}`, dist);
const read = (file) => readFileSync(web(file), 'utf8');
const html = read('index.html');

// One style sheet, and all that the first view is made of asked for at once, instead of one module
// behind the other as imports are met.
const SHEET = /<link rel="stylesheet" href="assets\/([a-z]+\.css)">\n/g;
const sheets = [...html.matchAll(SHEET)].map(([, file]) => file);
writeFileSync(web('page.css'), sheets.map(read).join('\n'));
for (const file of sheets) rmSync(web(file));
const modules = new Set(['main.js']);
for (const file of modules) {
  for (const [, next] of read(file).matchAll(/^import .*?from '\.\/([a-z-]+\.js)';$/gms))
    modules.add(next);
}
const links = [...modules].map((file) => `<link rel="modulepreload" href="assets/${file}">`);
links.unshift('<link rel="stylesheet" href="assets/page.css">');
writeFileSync(
  web('index.html'),
  html.replace(SHEET, '').replace('<!-- modules -->', links.join('\n')),
);
