import type { Substitute } from './document.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `${NAME}` and `${NAME:-default}` in a text; `$${` stands for `${` itself. What is put in is not
 * looked at again. As in a shell, the default also serves where the variable is empty.
 */
export function environmentSubstitute(env: Environment): Substitute {
  return (source) => {
    const messages: string[] = [];
    const text = source.replaceAll(
      /\$\$\{|\$\{([^}]*)(\}?)/g,
      (match, inner: string, end: string) => {
        if (match === '$${') return '${';
        const token = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner);
        if (!end || !token) {
          messages.push(`"${match}" is not \${NAME}; for the characters themselves write $\${`);
          return match;
        }
        const [, name, fallback] = token;
        const value = Object.hasOwn(env, name!) ? env[name!] : undefined;
        if (value !== undefined && (value !== '' || fallback === undefined)) return value;
        if (fallback !== undefined) return fallback;
        messages.push(
          `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
        );
        return match;
      },
    );
    return messages.length > 0 ? { text, message: messages.join('; ') } : { text };
  };
}
