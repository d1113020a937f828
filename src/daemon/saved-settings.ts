import type { StreamSettings } from './settings.ts';

/** A stream's settings as JSON has them: weights as text. */
export type StoredSettings = Omit<StreamSettings, 'recurrent'> & {
  readonly recurrent?: Omit<NonNullable<StreamSettings['recurrent']>, 'initialWeights'> & {
    /** float64, little-endian, base64 */
    readonly initialWeights?: string;
  };
};

export function settingsRow({ recurrent, ...rest }: StreamSettings): StoredSettings {
  if (!recurrent) return rest;
  const { initialWeights, ...network } = recurrent;
  if (!initialWeights) return { ...rest, recurrent: network };
  const { buffer, byteOffset, byteLength } = initialWeights;
  const text = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return { ...rest, recurrent: { ...network, initialWeights: text } };
}

export function readSettings({ recurrent, ...rest }: StoredSettings): StreamSettings {
  if (!recurrent) return { ...rest, recurrent: undefined };
  const { initialWeights, ...network } = recurrent;
  if (initialWeights === undefined) return { ...rest, recurrent: network };
  const bytes = Uint8Array.from(Buffer.from(initialWeights, 'base64'));
  return {
    ...rest,
    recurrent: { ...network, initialWeights: new Float64Array(bytes.buffer) },
  };
}
