/** The daemon asks for a token. The form is a plain one: the cookie it brings is none of ours. */
import { h } from './dom.ts';
import type { MountedView } from './view.ts';

export function loginView(): MountedView {
  const heading = h('h1', { tabindex: -1 }, 'A token is needed');
  const token = h('input', {
    ...{ type: 'password', name: 'token', required: true, autocomplete: 'current-password' },
  });
  // Back to the same view: a redirect keeps what is behind the #.
  const form = h(
    'form',
    { method: 'post', action: `login${location.hash}`, class: 'card login' },
    h('p', {}, 'It is what the daemon’s configuration has as http.token.'),
    h('label', { class: 'field' }, h('span', {}, 'Token'), token),
    h('button', { type: 'submit', class: 'primary' }, 'Sign in'),
  );
  return {
    title: 'Sign in',
    heading,
    node: h('div', { class: 'narrow' }, heading, form),
    close: () => {},
  };
}
