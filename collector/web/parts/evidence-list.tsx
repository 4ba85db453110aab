import { Raw, RawLines } from './raw.tsx';

/** What was compared, or told beside: names and values as they came. */
export function EvidenceList({ evidence }: { evidence: readonly (readonly [name: string, value: string])[] }) {
  return (
    <dl class="evidence">
      {evidence.map(([name, value]) => (
        <div key={name}>
          <dt>
            <Raw text={name} />
          </dt>
          <dd>
            <RawLines text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
