/** Starts the page: what the address asks for, how the daemon fares, light or dark. */
import { announce, button, byId, h, setAttributes, setText } from './dom.ts';
import { keepAsking, troubleCount, watchReport } from './health.ts';
import { ListView } from './list-view.ts';
import { type Link, watchLink } from './live.ts';
import { loginView } from './login-view.ts';
import { readRoute } from './route.ts';
import { currentTheme, THEME_CHANGED, toggleTheme } from './theme.ts';
import type { MountedView } from './view.ts';

/** A stream that ends and begins again at once is nothing to talk about. */
const AWAY_SHOWN_MS = 900;

const main = byId('main');
let shown: MountedView | undefined;
/** Addresses gone to so far: of two, the last one counts, whichever comes first. */
let gone = 0;
/** A view that could not be loaded comes when the daemon is back: browsers ask only once. */
let isMissing = false;

/** The list does not wait for the others, which come with the charts. */
const loadPipeline = () => import('./pipeline-view.ts');
const loadSeries = () => import('./series-view.ts');

async function createView(): Promise<() => MountedView> {
  const route = readRoute(location.hash);
  if (route.view === 'list') return () => new ListView(route.choice);
  if (route.view === 'pipeline') {
    const { PipelineView } = await loadPipeline();
    return () => new PipelineView();
  }
  if (route.view === 'series') {
    const { SeriesView } = await loadSeries();
    return () => new SeriesView(route.series, route.lead);
  }
  return () => notice('There is no such page', h('a', { href: '#/' }, 'To the series'));
}

function notice(text: string, ...more: HTMLElement[]): MountedView {
  const heading = h('h1', { tabindex: -1 }, text);
  const node = h('div', {}, heading, h('p', {}, ...more));
  return { title: text, heading, node, close: () => {} };
}

function missing(): MountedView {
  const again = button('Try again', {}, () => location.reload());
  return notice('This view waits for the daemon', again);
}

async function go(focus: boolean): Promise<void> {
  const place = ++gone;
  const create = await createView().catch(() => undefined);
  if (place !== gone) return;
  isMissing = create === undefined;
  show(create ? create() : missing(), focus);
}

function show(view: MountedView, focus: boolean): void {
  shown?.close();
  shown = view;
  main.replaceChildren(view.node);
  document.title = `${view.title} · Foretide`;
  const [, place = ''] = /^#\/?([^/?]*)/.exec(location.hash) ?? [];
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav.views a')) {
    const here = link.dataset.view === (place === 'pipeline' ? 'pipeline' : 'list');
    setAttributes(link, { 'aria-current': here ? 'page' : null });
  }
  if (!focus) return;
  scrollTo({ top: 0 });
  view.heading.focus({ preventScroll: true });
}

const LINKS: Readonly<Record<Link, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  away: 'Away',
  locked: 'Locked',
};

function followLink(): void {
  const banner = byId('banner');
  let timer: ReturnType<typeof setTimeout>;
  let wasAway = false;
  let before: Link | undefined;
  watchLink((link) => {
    clearTimeout(timer);
    if (link === 'live' && before === 'away' && isMissing) location.reload();
    before = link;
    byId('link').dataset.link = link;
    setText(byId('link-word'), LINKS[link]);
    if (link === 'locked') {
      gone++;
      return show(loginView(), true);
    }
    if (link !== 'away') {
      banner.hidden = true;
      if (wasAway) announce('The daemon is back.');
      wasAway = false;
      return;
    }
    timer = setTimeout(() => {
      wasAway = true;
      banner.hidden = false;
      announce('The daemon does not answer. What is shown is what was last heard.');
    }, AWAY_SHOWN_MS);
  });
}

function followTheme(): void {
  const theme = byId('theme');
  const name = (): void => {
    const other = currentTheme() === 'dark' ? 'light' : 'dark';
    setAttributes(theme, {
      'aria-label': `Switch to ${other} colours`,
      title: `Switch to ${other} colours`,
    });
  };
  theme.addEventListener('click', toggleTheme);
  document.addEventListener(THEME_CHANGED, name);
  name();
}

byId('skip').addEventListener('click', () => main.focus());
addEventListener('hashchange', () => void go(true));
followTheme();
followLink();
watchReport((report) => {
  const count = troubleCount(report);
  const mark = byId('trouble');
  mark.hidden = count === 0;
  setText(mark, String(count));
  setAttributes(mark, { 'aria-label': `${count} to look at`, title: `${count} to look at` });
  setText(byId('version'), `Foretide ${report.version}`);
});
// So that they are there when they are wanted, whatever the daemon does by then.
void go(false)
  .then(loadSeries)
  .then(loadPipeline)
  .catch(() => {});
void keepAsking();
