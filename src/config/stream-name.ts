/** What a stream is called everywhere: its name, else its topic filter. */
export function streamName({
  name,
  topic,
}: {
  readonly name?: string | undefined;
  readonly topic: string;
}): string {
  return name ?? topic;
}
