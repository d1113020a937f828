import { Plan, type PlannedMessage, Publisher } from '../support/faults/publisher.ts';
import { BROKER_CONFIG, type Surroundings, withServers } from '../support/faults/servers.ts';
import { Load } from '../support/faults/streams.ts';
import { type Compared, Twins } from '../support/faults/twins.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { type Counts, FaultError, type Outcome, type RunOptions } from './scenario.ts';
import { addCounts } from './totals.ts';

const ROUNDS = 200;

/** Two daemons get the same messages, the exposed one in another way; each has a broker of its own. */
export interface PlannedFault {
  /** Of all streams. */
  readonly lateness: string;
  /** Whether the states must be equal too. */
  readonly states: boolean;
  /** @returns what the exposed daemon gets in place of `messages`, and what is told of that */
  change(
    messages: readonly PlannedMessage[],
    random: Random,
  ): { readonly messages: readonly PlannedMessage[]; readonly counts: Counts };
}

export function runPlanned(fault: PlannedFault, { runs, seed, log }: RunOptions): Promise<Outcome> {
  return withServers(async (servers) => {
    const calm = await startMosquitto({ config: BROKER_CONFIG });
    try {
      const counts: Record<string, number> = {};
      for (let i = 0; i < runs; i++) {
        addCounts(counts, await runOnce(fault, seed + i, servers, calm));
        log(`${i + 1} of ${runs}: ${JSON.stringify(counts)}`);
      }
      return { counts };
    } finally {
      await calm.stop();
    }
  });
}

async function runOnce(
  fault: PlannedFault,
  seed: number,
  { dir, broker, database }: Surroundings,
  calm: TestServer,
): Promise<Counts> {
  const random = new Random(seed);
  const { lateness } = fault;
  const twins = new Twins({
    dir,
    seed,
    databaseUrl: database.url,
    exposed: { brokerUrl: broker.url, lateness },
    spared: { brokerUrl: calm.url, lateness },
  });
  const publishers = [await Publisher.connect(broker.url), await Publisher.connect(calm.url)];
  const [exposed, spared] = publishers;
  try {
    // Without a time of its own, a sample that comes again or elsewhere is another one.
    const load = new Load(seed, { byArrival: false });
    const plan = new Plan();
    for (let i = 0; i < ROUNDS; i++) load.publish(plan);
    const { messages, counts } = fault.change(plan.messages, random);
    await twins.connected();
    await Promise.all([exposed!.publishAll(messages), spared!.publishAll(plan.messages)]);
    for (const publisher of publishers) load.publishEnd(publisher);
    await twins.taken();
    const compared = await twins.compare(await twins.stop(), { states: fault.states });
    return { messages: plan.messages.length, ...counts, ...told(compared, fault) };
  } catch (error) {
    throw new FaultError(seed, (error as Error).message);
  } finally {
    await Promise.all([twins.end(), ...publishers.map((publisher) => publisher.end())]);
  }
}

function told({ rows, states, duplicates, late }: Compared, fault: PlannedFault): Counts {
  const counts = { 'known as duplicates': duplicates, 'passed over as late': late };
  return { ...counts, 'rows equal': rows, ...(fault.states && { 'states equal': states }) };
}
