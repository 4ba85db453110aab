import { agreementOf, type Joint, type Link, type Stage, stages } from '../../present/agreement.ts';
import type { EndpointView } from '../../serve/estate.ts';
import { addressOf } from '../route/address.ts';
import { shortFingerprint } from '../../wording/names.ts';

/** Issued, configured, served as short fingerprints that visibly agree or differ: by sign, shape, colour and words. */
export function ChainOfThree({ endpoint }: { endpoint: Pick<EndpointView, Stage> }) {
  const { links, joints, words } = agreementOf(endpoint);
  return (
    <span class="chain">
      <span class="unseen">{words}: </span>
      {links.map((link, index) => (
        <span key={link.stage} class="link-of-three">
          {index > 0 && <JointSign joint={joints[index - 1] ?? 'unknown'} />}
          <Fingerprint link={link} />
        </span>
      ))}
    </span>
  );
}

/** The three stages as a table's head, each above its fingerprints. */
export function ChainHead() {
  return (
    <span class="chain head">
      {stages.map((stage) => (
        <span key={stage} class="print">
          {stage}
        </span>
      ))}
    </span>
  );
}

function JointSign({ joint }: { joint: Joint }) {
  return (
    <span class={`joint ${joint}`} aria-hidden="true">
      {signs[joint]}
    </span>
  );
}

function Fingerprint({ link: { stage, fingerprint, group } }: { link: Link }) {
  if (fingerprint === undefined || group === undefined) {
    return (
      <span class="print absent" title={`${stage}: not known`}>
        <span class="stage">{stage}</span>
        <span aria-hidden="true">—</span>
      </span>
    );
  }
  return (
    <span class={`print group-${group}`} title={`${stage}: SHA-256 ${fingerprint}`}>
      <span class="stage">{stage}</span>
      <a class="code" href={addressOf('certificates', fingerprint)}>
        <span aria-hidden="true">{shapes[group]}</span>
        {shortFingerprint(fingerprint)}
      </a>
    </span>
  );
}

const signs: Readonly<Record<Joint, string>> = { equal: '=', different: '≠', unknown: '?' };
const shapes = ['●', '◆', '▲'];
