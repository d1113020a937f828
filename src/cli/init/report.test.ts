import { expect, it } from 'vitest';
import { FIELD, message, TRAFFIC_START_MS, traffic } from '../../../test/support/traffic.ts';
import { propose } from './proposal/proposal.ts';
import { findingsText, proposalText } from './report.ts';
import { Survey } from './survey/survey.ts';

it('shows topics, fields, what was cut and what is proposed', () => {
  const survey = new Survey('foretide', { topics: 4, messages: 20, fields: 10 });
  const { shelly, relay, csv, lineProtocol } = FIELD;
  survey.add(message('old', '1', TRAFFIC_START_MS, true));
  survey.add(message('$SYS/x', '1', TRAFFIC_START_MS));
  for (const heard of traffic([shelly!, relay!, csv!, lineProtocol!], 24_000)) survey.add(heard);
  survey.add(message('one/more', '1', TRAFFIC_START_MS + 24_000));
  const findings = survey.findings();
  expect(findingsText(findings)).toBe(FOUND.trim());
  expect(proposalText(propose(findings, '#'))).toBe(PROPOSED.trim());
});

const FOUND = `
topic                         messages          every        payload  time
influx/gateway                      24             1s  line_protocol     –
machine/press/vibration             24             1s            csv     1
shellies/plug1/relay/0              16  1500ms ±272ms           text     –
shellies/plug1/relay/0/power        24             1s         number     –

Fields
  influx/gateway
    cpu,host=a idle: 17.83 to 23.56
    cpu,host=a uptime: 0 to 19
    cpu,host=b idle: 18.04 to 23.25
    cpu,host=b uptime: 0 to 19
  machine/press/vibration
    column 1: a time (iso)
    column 2: 17.60 to 23.05
    column 3: -1.365 to 2.170
  shellies/plug1/relay/0
    the value: "on", "off"
  shellies/plug1/relay/0/power
    the value: 79.76 to 119.6

1 topic had only a stored (retained) message, of unknown age: old
left out: 1 message of $SYS and of Foretide itself
only the first 4 topics were looked at; 1 message of others were not: give a narrower --topic
of 3 topics only the first 20 messages were looked into
`;

const PROPOSED = `
Proposal: 4 streams, 6 series
  influx/gateway: idle; period learned
  machine/press/vibration: v2, v3; every 1s
  shellies/plug1/relay/0: the state; every 1500ms
  shellies/plug1/relay/0/power: the number; every 1s
`;
