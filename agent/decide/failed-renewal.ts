import type { Lineage } from '@certherd/protocol/snapshot';
import type { OutcomeReason } from './action.ts';
import { typed } from './command-line.ts';
import type { Facts } from './facts.ts';
import { packageOf } from './rehearsal.ts';
import { renewAndLoad } from './renewal-remedy.ts';

interface Words {
  /** After "the last renewal of NAME failed: ". */
  meaning: string;
  /** What a person mends before the next try, as a sentence without its full stop; absent where there is nothing to mend. */
  mend?: string;
}

const classes: Partial<Record<OutcomeReason, Words>> = {
  dns: {
    meaning: 'the CA could not look a name up',
    mend: 'Give the name an A or AAAA record that leads to this host, or take the name out of the certificate',
  },
  unauthorized: {
    meaning: "the CA reached the name and got another answer than the challenge's",
    mend: 'Have port 80 of the name lead to this host, and /.well-known/acme-challenge/ to the webroot of the renewal config',
  },
  connection: {
    meaning: 'the CA could not connect to the host, or certbot to the CA',
    mend: 'Open port 80 to the internet, and port 443 from this host to the CA; a CA with roots of its own needs ca_bundle under [certbot]',
  },
  caa: {
    meaning: 'a CAA record forbids the CA to issue',
    mend: 'Name the CA in the CAA record of the name or of the domain above it, or take the record away',
  },
  'rejected-identifier': {
    meaning: 'the CA does not issue for a name of the certificate, or not in this way',
    mend: 'Take the name that is told out of the certificate, or issue with another CA',
  },
  'rate-limited': { meaning: 'the CA has issued, or was asked, too often' },
  'ca-failed': { meaning: 'the CA itself failed' },
  'config-broken': {
    meaning: "certbot's own config is broken, or names what is not there",
    mend: 'Mend the file and line that are named',
  },
  'plugin-missing': { meaning: 'certbot lacks a plugin that the renewal config names' },
  'disk-full': { meaning: 'no space is left where certbot writes', mend: 'Make space' },
  'timed-out': { meaning: 'it did not end in time' },
  capped: { meaning: "this host's own limit on renewals is reached" },
  'preflight-failed': {
    meaning: 'certificate and key do not belong together',
    mend: 'Read what certbot and its hooks did in letsencrypt.log',
  },
  unchanged: { meaning: 'certbot ended well and issued nothing' },
  'certbot-failed': { meaning: 'certbot failed', mend: 'Read what it says in letsencrypt.log' },
};

/** A failed renewal's class in words: "the CA could not look a name up (dns)". */
export function failureInWords(reason: OutcomeReason): string {
  const meaning = classes[reason]?.meaning;
  return meaning === undefined ? reason : `${meaning} (${reason})`;
}

/**
 * What to do about a renewal that failed for this reason: what is to be mended first, then the command that tries again. Where
 * only time helps, the agent's own next try is told instead (`nextTry`, or undefined where the agent may not renew).
 */
export function afterFailure(
  reason: OutcomeReason,
  lineage: Pick<Lineage, 'name' | 'authenticator'>,
  facts: Facts,
  nextTry: string | undefined,
): string {
  const again = renewAndLoad(facts, lineage.name);
  const isPatience = ['rate-limited', 'ca-failed', 'capped', 'timed-out'].includes(reason);
  if (isPatience && nextTry !== undefined) return `None is needed now: the agent tries again at ${nextTry}`;
  if (reason === 'plugin-missing') {
    const install = typed(['apt-get', 'install', packageOf(lineage.authenticator ?? '')]);
    return `Install the plugin (Debian: ${install}), then: ${again}`;
  }
  const mend = classes[reason]?.mend;
  return mend === undefined ? again : `${mend}, then: ${again}`;
}
