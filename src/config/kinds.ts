/**
 * Building blocks of the schema. A `title` is the kind of a value: editors and the reference page
 * show it, and the loader goes by it (see load.ts and print.ts).
 */
import { z } from 'zod';

export const KIND = {
  duration: 'duration',
  period: 'period',
  /** Never shown: not in a fault, not by `check`. */
  secret: 'secret',
  /** Relative to the configuration file's folder. */
  inputPath: 'path to read',
  /** The same; the first line becomes the value of the key without `_file`. */
  secretPath: 'path of a secret',
  /** Relative to the working directory. */
  outputPath: 'path to write',
} as const;

export const text = z.string().min(1);
export const count = z.number().int().positive();
export const inputPath = text.meta({ title: KIND.inputPath });
export const outputPath = text.meta({ title: KIND.outputPath });
export const secret = text.meta({ title: KIND.secret, writeOnly: true });
export const secretPath = text.meta({ title: KIND.secretPath });
export const qos = z.literal([0, 1, 2]);

/** User and password, for brokers and databases. */
export const credentials = {
  username: text.optional().describe('User name.'),
  password: secret
    .optional()
    .describe(`Password; better \`\${NAME}\` or \`password_file\` than the word itself.`),
  password_file: secretPath.optional().describe('File whose first line is the password.'),
};

export const tls = z.strictObject({
  ca_file: inputPath
    .optional()
    .describe('PEM file of the authority that signed the broker’s certificate.'),
  cert_file: inputPath.optional().describe('PEM file of the client certificate.'),
  key_file: inputPath.optional().describe('PEM file of the client certificate’s key.'),
  server_name: text
    .optional()
    .describe('Name to expect in the certificate, where it is not the host.'),
  verify: z
    .boolean()
    .default(true)
    .describe('Refuse a broker whose certificate does not check out.'),
});
