import { writeSheet } from '../../collector/inventory/write-sheet.ts';
import type { ListedFacts } from '../../collector/store/facts.ts';
import { caseStudy, type Place } from './plan.ts';

/** The spreadsheet that the team had before: a row for each certificate, with some dates that nobody corrected. */
export function sheetOf(places: readonly Place[]): string {
  const rows = places.map(({ names, notAfter, authority, labels }, index): ListedFacts => {
    // Every ninth row is a renewal behind.
    const told = notAfter - (index % 9 === 8 ? authority.lifeDays * 86_400_000 : 0);
    return {
      name: names[0] ?? '',
      expiration: new Date(told).toISOString().slice(0, 10),
      issuer: authority.organisation,
      labels: { ...labels, cost: String(authority.yearlyCost) },
    };
  });
  const unseen = Array.from(
    { length: caseStudy.certificates - rows.length },
    (_, index): ListedFacts => ({
      name: `appliance-${index + 1}.harbour.example`,
      expiration: '',
      issuer: 'Harbour Group',
      labels: {
        owner: 'Elif Demir',
        team: 'platform',
        environment: 'production',
        platform: 'load balancer',
        cost: '0',
      },
    }),
  );
  return writeSheet([...rows, ...unseen]);
}
