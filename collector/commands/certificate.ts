import { certificateList } from '../present/certificate-list.ts';
import { byUrgency, type CertificateRow, certificateRowsOf, ownLabels } from '../present/certificate-rows.ts';
import type { Console } from './command.ts';
import { type ListOptions, showList } from './list.ts';

/** `certificate list`: without `authorities` only those that are no authority's. */
export function listCertificates(options: ListOptions & { authorities: boolean }, console: Console): Promise<number> {
  const listed = {
    list: certificateList(),
    rowsOf: (estate: Parameters<typeof certificateRowsOf>[0]) =>
      certificateRowsOf(estate)
        .filter(({ certificate }) => options.authorities || !certificate.isAuthority)
        .sort(byUrgency),
    itemsOf: (rows: readonly CertificateRow[]) => rows.map(certificateItem),
    none: 'No certificate yet. Agents report what they find: certherd-collector host list',
  };
  return showList(listed, options, console);
}

/** A certificate as the API has it, and what its list shows of it besides. */
export function certificateItem(row: CertificateRow): object {
  const labels = ownLabels.flatMap((key) => (row[key].length === 0 ? [] : [[key, row[key]]]));
  const { certificate, state, automation, renewal } = row;
  return {
    ...certificate,
    state,
    automation,
    ...(renewal !== undefined && { renewal }),
    labels: Object.fromEntries(labels),
  };
}
