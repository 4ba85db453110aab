import { shopName } from '../../test/helpers/host.ts';
import { withRenewalInfo } from '../../test/helpers/testbed/acme-front.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { readEstate } from '../stage/estate.ts';
import { runRemedy } from '../stage/remedy.ts';
import type { Outage } from './outage.ts';
import { servedAt } from './shop.ts';

const hour = 3_600_000;

/**
 * A gate of 30 days is wrong in both directions: a certificate that lives for a day is "due" at each run, and one
 * that its CA wants replaced now (RFC 9773) is not.
 */
export function dayGate(): Outage {
  let asked: string | undefined;
  let recalled: string | undefined;
  const acmeAnswer = withRenewalInfo((certId) => {
    asked ??= certId;
    const at = Date.now();
    const [start, end] = certId === recalled ? [at - 2 * hour, at - hour] : [at + hour, at + 2 * hour];
    const suggestedWindow = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    // A second is less than the agent heeds: it waits a minute.
    const headers = { 'content-type': 'application/json', 'retry-after': '1' };
    return { status: 200, headers, body: JSON.stringify({ suggestedWindow }) };
  });
  return {
    name: 'day-gate',
    title: 'a fixed number of days: renewed at each run, or not when the CA asks for it',
    sources: ['certd/certd #591', 'fabriziosalmi/certmate #393'],
    mode: 'observe',
    acmeAnswer,
    validitySeconds: 24 * 3600,
    async befall({ host, collector }, tell) {
      const lineage = host.certbot.lineage('shop');
      const old = lineage.leaf();
      const { findings } = await readEstate(collector.webAddress);
      if (findings.some(({ code }) => code === 'due')) throw new Error(`${shopName} is told as due from the start`);
      tell('it lives for one day: a gate of 30 days would renew it at each run; here it is not due');
      recalled = await until('the agent asks the CA when to renew', () => asked, { deadlineMs: 120_000 });
      const since = Date.now();
      tell('the CA moves its window to the past: it wants the certificate replaced now');
      return {
        since,
        code: 'due',
        cause: /is in its renewal window, which its CA set/,
        healedBy: 'the remedy as printed',
        heal: ({ remedy }) => runRemedy(host.sandbox, remedy),
        isOver: async () => lineage.leaf() !== old && (await servedAt(host)) === lineage.leaf(),
      };
    },
  };
}
