/** What each file of browser tests sets up: one browser, one server, and a page that complains of nothing. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchBrowser } from './browser.ts';
import { type FakePageServer, startFakePage } from './fake-page-server.ts';
import { untilLive, type Visit, visit } from './visit.ts';

export interface FakePage {
  readonly browser: Browser;
  server: FakePageServer;
  /** A page that has its first data; the test fails where it complains of anything. */
  open(hash?: string): Promise<Page>;
  /** One that need not come to that. */
  visit(hash: string): Promise<Page>;
  /** What they have opened. */
  readonly opened: Visit;
}

export function useFakePage(options: Parameters<typeof startFakePage>[0]): FakePage {
  let browser: Browser;
  let server: FakePageServer;
  let opened: Visit | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startFakePage(options);
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });
  afterEach(async () => {
    if (!opened) return;
    const { complaints, close } = opened;
    opened = undefined;
    expect(complaints).toEqual([]);
    await close();
  });
  return {
    get browser() {
      return browser;
    },
    get server() {
      return server;
    },
    set server(next) {
      server = next;
    },
    get opened() {
      return opened!;
    },
    async open(hash) {
      opened = await visit(browser, server.url, hash);
      await untilLive(opened.page);
      return opened.page;
    },
    async visit(hash) {
      opened = await visit(browser, server.url, hash);
      return opened.page;
    },
  };
}
