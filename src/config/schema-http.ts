import { z } from 'zod';
import { count, KIND, text } from './kinds.ts';
import { isLoopback } from './loopback.ts';
import { rule } from './rule.ts';

/** The page that shows a running daemon. */
export const http = z
  .strictObject({
    host: text
      .default('127.0.0.1')
      .describe('Address to listen on; `0.0.0.0` = all of this machine, which wants a token.'),
    port: z.number().int().min(0).max(65535).default(8484).describe('Port; 0 = any free one.'),
    token: text
      .meta({ title: KIND.secret, writeOnly: true })
      .optional()
      .describe(
        `What the page and its requests ask for; better \`\${NAME}\` or \`token_file\` than the word itself.`,
      ),
    token_file: text
      .meta({ title: KIND.secretPath })
      .optional()
      .describe('File whose first line is the token.'),
    open: z
      .boolean()
      .default(false)
      .describe(
        'Listen beyond this machine without a token: who reaches the port reads all of it.',
      ),
    history_steps: count
      .min(60)
      .max(10_000)
      .default(300)
      .describe(
        'Newest steps of each series that the page can show; 40 bytes each, twice that with four scored leads.',
      ),
  })
  .check(
    rule(['token', 'token_file'], (value, fault) => {
      if (value.token !== undefined && value.token_file !== undefined) {
        fault(['token_file'], 'token is given as well; remove one of the two');
      }
    }),
    rule(['token'], ({ token }, fault) => {
      if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
        fault(
          ['token'],
          'cannot stand in a request; write letters, digits and signs without spaces',
        );
      }
    }),
    rule(['host', 'token', 'token_file', 'open'], (value, fault) => {
      const { host, token, token_file, open } = value;
      if (isLoopback(host) || open || token !== undefined || token_file !== undefined) return;
      const message = `"${host}" is reached from other machines, and there is no token`;
      fault(
        ['host'],
        `${message}; add token_file, or open: true where everybody may read all of it`,
      );
    }),
  );
