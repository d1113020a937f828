import type { Route } from '../http/app.ts';
import type { Monitor } from '../monitor.ts';
import { Metrics } from './metrics.ts';

/** Where Prometheus looks. */
export function metricsRoute(monitor: Monitor): Route {
  const metrics = new Metrics(monitor);
  return {
    path: '/metrics',
    answer: async () => {
      const headers = { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' };
      return new Response(await metrics.text(), { headers });
    },
  };
}
