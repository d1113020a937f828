/** What every engine asks of the arguments of its networks. */

export function checkLength(what: string, name: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${what}: ${found} ${name}, but there must be ${wanted}`);
}

export function checkValues(what: string, values: Float64Array, wanted: number): void {
  checkLength(what, 'values', values.length, wanted);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new Error(`${what}: value ${bad} is ${values[bad]}, which is not finite`);
}

export function checkRate(learningRate: number): void {
  if (learningRate >= 0 && Number.isFinite(learningRate)) return;
  throw new Error(`train: the learning rate must be finite and at least 0, not ${learningRate}`);
}
