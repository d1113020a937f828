/** The report: one HTML file that needs nothing else, not even a network. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { seasonWords } from '../config.ts';
import type { FileResult } from '../result.ts';
import { verdict } from '../text.ts';
import type { TextFile } from '../text-file.ts';
import type { ReportCollector, SeriesView } from './collector.ts';

/** What the page's script reads. */
export interface ReportData {
  readonly files: readonly ReportFile[];
}

interface ReportFile extends Omit<FileResult, 'series'> {
  /** Leads that charts are drawn of. */
  readonly leads: readonly number[];
  /** Series that found no room. */
  readonly left: number;
  /** What the seasonal naive says, in words; null: no season is known. */
  readonly seasonal: string | null;
  readonly series: readonly (FileResult['series'][number] & {
    readonly verdict: string;
    readonly view: Omit<SeriesView, 'series'>;
  })[];
}

/** In the order in which they run. */
const SCRIPTS = ['page.base.js', 'page.charts.js', 'page.words.js', 'page.client.js'];

const require = createRequire(import.meta.url);

/** Writes and closes the page. */
export async function writeReport(
  file: TextFile,
  results: readonly FileResult[],
  collectors: readonly ReportCollector[],
): Promise<void> {
  const files = results.map((result, i) => reportFile(result, collectors[i]!));
  await file.write(pageHtml({ files }));
  await file.close();
}

export function pageHtml(data: ReportData): string {
  const parts: Record<string, string> = {
    title: data.files.map(({ file }) => escapeHtml(file)).join(', '),
    style: packaged('uPlot.min.css') + asset('page.css'),
    // In JSON "<" stands in strings only: none may end the script element.
    data: JSON.stringify(data).replaceAll('<', '\\u003c'),
    script: [packaged('uPlot.iife.min.js'), ...SCRIPTS.map(asset)].join('\n'),
  };
  return asset('page.html').replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name]!);
}

function reportFile(result: FileResult, collector: ReportCollector): ReportFile {
  const [season] = result.seasons;
  const views = new Map(collector.views().map(({ series, ...view }) => [series, view]));
  return {
    ...result,
    leads: collector.leads,
    left: collector.left,
    seasonal: season === undefined ? null : seasonWords(season),
    series: result.series.flatMap((of) => {
      const view = views.get(of.series);
      return view ? [{ ...of, verdict: verdict(of, season), view }] : [];
    }),
  };
}

function packaged(name: string): string {
  return readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');
}

function asset(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
