import type { Labels } from '../../present/needs.ts';
import { Raw } from './raw.tsx';

/** Who it belongs to comes first, what somebody noted last; any other label between them. */
const order = ['owner', 'team', 'contact', 'runbook', 'environment', 'platform'];

/** What people labelled something. A web address is a link. */
export function LabelList({ labels }: { labels: Labels }) {
  const entries = Object.entries(labels).sort(([one], [other]) => placeOf(one) - placeOf(other));
  if (entries.length === 0) return null;
  return (
    <dl class="labels">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{isAddress(value) ? <Elsewhere address={value} /> : <Raw text={value} />}</dd>
        </div>
      ))}
    </dl>
  );
}

function Elsewhere({ address }: { address: string }) {
  return (
    <a href={address} rel="noreferrer noopener" target="_blank">
      <Raw text={address.replace(/^https?:\/\//, '')} limit={60} />
    </a>
  );
}

function placeOf(key: string): number {
  const place = order.indexOf(key);
  return place < 0 ? order.length + (key === 'notes' ? 1 : 0) : place;
}

/** Nothing else becomes a link: javascript: and the like are text. */
function isAddress(value: string): boolean {
  return /^https?:\/\/[^\s]+$/.test(value) && URL.canParse(value);
}
