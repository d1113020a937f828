/** The form that asks for the token: no scripts, nothing from elsewhere. */
import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { html } from 'hono/html';
import { addressOf, type Env } from './context.ts';
import type { TokenGuard, Verdict } from './token.ts';

const COOKIE_S = 30 * 86_400;
const FORM_BYTES_MAX = 8_192;
const WAIT_S = 1;

/** All but the form wants the token. */
export function guarded(guard: TokenGuard) {
  return createMiddleware<Env>(async (c, next) => {
    const verdict = shown(c, guard);
    if (verdict === 'right') return next();
    if (verdict === 'wait') return waits(c);
    const wantsPage = c.req.method === 'GET' && c.req.header('Accept')?.includes('text/html');
    if (wantsPage && !c.req.path.startsWith('/api/')) return form(c);
    c.header('WWW-Authenticate', 'Bearer realm="foretide"');
    const error =
      verdict === 'wrong'
        ? 'the token is wrong'
        : 'a token is needed; send it as "Authorization: Bearer …", or sign in on the page';
    return c.json({ error }, 401);
  });
}

export function addLogin(app: Hono<Env>, guard: TokenGuard): void {
  app.get('/login', (c) => form(c, '', 200));
  app.get('/login.css', (c) => c.body(STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  const tooLarge = (c: Context): Response => c.json({ error: 'that is no token' }, 413);
  app.post('/login', bodyLimit({ maxSize: FORM_BYTES_MAX, onError: tooLarge }), async (c) => {
    const { token } = await c.req.parseBody().catch(() => ({ token: undefined }));
    const given = typeof token === 'string' ? token.trim() : '';
    const verdict = guard.token(given, addressOf(c));
    if (verdict === 'wait') return waits(c);
    if (verdict === 'wrong') return form(c, 'That is not the token.');
    setCookie(c, guard.cookieName, guard.cookieValue, cookieOptions(c));
    // Relative: a proxy may have put us below another path.
    return c.redirect('./', 303);
  });
  app.post('/logout', (c) => {
    deleteCookie(c, guard.cookieName, cookieOptions(c));
    return c.redirect('./', 303);
  });
}

/** undefined: nothing was shown. */
function shown(c: Context<Env>, guard: TokenGuard): Verdict | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '') ?? [];
  if (bearer !== undefined) return guard.token(bearer, addressOf(c));
  const cookie = getCookie(c, guard.cookieName);
  return cookie === undefined ? undefined : guard.cookie(cookie);
}

function cookieOptions(c: Context) {
  // What a proxy in front of us says: with it the browser sends the cookie by https alone.
  const secure = c.req.header('X-Forwarded-Proto') === 'https';
  return { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: COOKIE_S, secure } as const;
}

function waits(c: Context): Response {
  c.header('Retry-After', String(WAIT_S));
  return c.json({ error: 'too many wrong tokens; wait a second before the next' }, 429);
}

function form(c: Context, fault = '', status: 200 | 401 = 401): Response | Promise<Response> {
  return c.html(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Foretide: sign in</title>
<link rel="stylesheet" href="/login.css">
</head>
<body>
<main>
<h1>Foretide</h1>
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<p role="alert">${fault}</p>
<button>Sign in</button>
</form>
<p>It is the <code>http.token</code> of the daemon’s configuration.</p>
</main>
</body>
</html>
`,
    status,
  );
}

const STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 22rem; margin: 15vh auto 0; padding: 0 1rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input, button { padding: .5rem; }
[role=alert] { min-height: 1.5em; margin: .25rem 0; }
`;
