import { controlOf } from '../servers/control-of.ts';
import { type Check, passed, together, untold, type Verdict, wouldFail } from './check.ts';

/** The servers that use the lineage would take their config as it is, so that what is renewed can be loaded. */
export const serverTests: Check = async ({ lineage, seen, config, ports }) => {
  const using = new Set(seen.deployments.filter((one) => one.lineage === lineage.name).map(({ server }) => server));
  const verdicts: Verdict[] = [];
  for (const server of using) {
    const control = server === 'other' ? undefined : controlOf(server, config, seen, ports);
    const refused = await control?.test();
    if (!refused) verdicts.push(passed());
    else if (refused.reason === 'config-test-failed')
      verdicts.push(wouldFail(refused.reason, `${server}: ${refused.detail}`));
    else verdicts.push(untold(refused.reason, `${server}: ${refused.detail}`));
  }
  return verdicts.length === 0 ? passed('no server names this lineage') : together(verdicts);
};
