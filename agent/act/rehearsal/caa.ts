import { caaAllows, caaClimb } from '../../decide/caa.ts';
import type { Result } from '@certherd/protocol/failure';
import { eachAtMost } from '../../observe/each-at-most.ts';
import type { CaaRecord } from '../../ports.ts';
import { accountAddress } from './certbot-files.ts';
import { atOnce } from './challenge-path.ts';
import {
  answersOverHttp,
  type Check,
  passed,
  type Rehearsed,
  together,
  untold,
  type Verdict,
  wouldFail,
} from './check.ts';

/** No CAA record of a name, or of one above it, keeps the lineage's CA from issuing (RFC 8659). */
export const caaRecords: Check = async (rehearsed) => {
  const names = rehearsed.names.filter((name) => /[a-z]/i.test(name) && !name.includes(':'));
  const looked = new Map<string, Promise<Result<CaaRecord[]>>>();
  const recordsOf = (name: string) => {
    const known = looked.get(name) ?? rehearsed.ports.rehearsal.names.caa(name);
    looked.set(name, known);
    return known;
  };
  const identities = await identitiesOf(rehearsed);
  const account = accountAddress(rehearsed);
  const verdicts = await eachAtMost(atOnce, names, String, async (name): Promise<Verdict> => {
    for (const above of caaClimb(name)) {
      const records = await recordsOf(above);
      if (!records.ok)
        return records.failure.reason === 'unreachable'
          ? wouldFail('caa', `CAA of ${above}: ${records.failure.detail}`)
          : untold('caa', `CAA of ${above}: ${records.failure.detail}`);
      if (records.value.length === 0) continue;
      const shown = records.value.map(({ tag, value }) => `${tag} "${value}"`).join(', ');
      if (identities.length === 0)
        return passed(`CAA of ${above} says ${shown}; what this CA calls itself is not known`);
      const asking = {
        identities,
        isWildcard: name.startsWith('*.'),
        ...(account && { account }),
        ...(answersOverHttp(rehearsed) && { method: 'http-01' }),
      };
      if (caaAllows(records.value, asking)) return passed();
      return wouldFail(
        'caa',
        `CAA of ${above} says ${shown}, which keeps ${identities.join(', ')} from issuing for ${name}`,
      );
    }
    return passed();
  });
  return together(verdicts);
};

/** By which names the CA knows itself: Let's Encrypt's, or those of the directory's own meta (RFC 8555 7.1.1, caaIdentities). */
async function identitiesOf({ settings, ports }: Rehearsed): Promise<readonly string[]> {
  const { server = '' } = settings;
  if (!URL.canParse(server)) return [];
  if (new URL(server).hostname.endsWith('.letsencrypt.org')) return ['letsencrypt.org'];
  const answer = await ports.rehearsal.webGet({ url: server, timeoutMs: 10_000 });
  if (!answer.ok) return [];
  try {
    const directory: unknown = JSON.parse(answer.value.body);
    const meta = field(directory, 'meta');
    const identities = field(meta, 'caaIdentities');
    return Array.isArray(identities) ? identities.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
