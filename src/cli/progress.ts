import cliProgress from 'cli-progress';

/**
 * A bar with the time left, where somebody looks on.
 * @param share of the work that is done, 0..1
 */
export function progressBar(share: () => number, title = ''): { stop(): void } {
  if (!process.stderr.isTTY) return { stop: () => {} };
  const bar = new cliProgress.SingleBar({
    format: `${title && `${title} `}{bar} {percentage} %  {duration_formatted}, {left} left`,
    hideCursor: true,
  });
  const startedMs = performance.now();
  bar.start(1000, 0, { left: '?' });
  const timer = setInterval(() => {
    const done = share();
    const leftS = ((performance.now() - startedMs) / 1000 / done) * (1 - done);
    bar.update(Math.round(1000 * done), { left: done > 0 ? `${Math.ceil(leftS)}s` : '?' });
  }, 200);
  return {
    stop() {
      clearInterval(timer);
      bar.update(1000, { left: '0s' });
      bar.stop();
    },
  };
}
