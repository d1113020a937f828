/** A page in the browser that fails its test where it complains of anything. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export interface Visit {
  readonly page: Page;
  /** Errors of scripts, of the console and of the content policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** @param hash `#/…` */
export async function visit(
  browser: Browser,
  url: string,
  hash = '#/',
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    ...{ viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', reducedMotion: 'reduce' },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}/${hash}`);
  return { page, complaints, close: () => context.close() };
}

/** The first data are there. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('.link[data-link=live]').waitFor();
}

/** In another view of the same page. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = to;
  }, hash);
}
