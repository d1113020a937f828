/** A backtest cannot be run as asked; the message is for the user, with one line a fault. */
export class BacktestError extends Error {
  override readonly name = 'BacktestError';
  /** For the command line: bad usage or input. */
  readonly exitCode = 2;
}
